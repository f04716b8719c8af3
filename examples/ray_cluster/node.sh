#!/usr/bin/env bash
# Have this machine be part of a Ray cluster, until the script is ended.
# usage: node.sh head PORT [CPUS]         on the first machine
#        node.sh join HOST:PORT [CPUS]    on each of the others, whenever they are there
# Then, on any of them: RAY_AUTH_MODE=token dsdmsr upscale-many SRC DST --scale 4 --address HOST:PORT
# dsdmsr[ray] has to be installed on all of them, and SRC and DST be reached from all by one name.
# So has the key that the first one writes to ~/.ray/auth_token, without which nobody may join.
set -euo pipefail
export RAY_USAGE_STATS_ENABLED=0
# One thread for each worker, as Ray counts processors.
export OMP_NUM_THREADS=1
export RAY_AUTH_MODE=token
role=$1 where=$2
cpus=${3:-$(nproc)}
if [ "$role" = head ]; then
    ray get-auth-token --generate >/dev/null
    exec ray start --head --block --port "$where" --num-cpus "$cpus" --include-dashboard=false
fi
exec ray start --block --address "$where" --num-cpus "$cpus"
