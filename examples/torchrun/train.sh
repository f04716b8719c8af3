#!/usr/bin/env bash
# Train on several machines that share a folder: run this on each of them at about the same time.
# usage: train.sh HOST:PORT NODES RUN_DIR [options of dsdmsr train]
# HOST is any one of the machines, PORT a free one there. A machine that is lost ends the run on all;
# run it again on those that are there, with their number, and it goes on from the last checkpoint.
set -euo pipefail
endpoint=$1 nodes=$2 run=$3
shift 3
# A process for each GPU; PROCESSES says how many where there is none.
processes=${PROCESSES:-$(nvidia-smi -L | wc -l)}
exec torchrun --nnodes "$nodes" --nproc-per-node "$processes" --max-restarts 0 \
    --rdzv-backend c10d --rdzv-endpoint "$endpoint" --rdzv-id "${run//\//_}" \
    -m dsdmsr train --run-dir "$run" --resume auto \
    --trainer.devices "$processes" --trainer.num_nodes "$nodes" "$@"
