#!/usr/bin/env bash
# torch 2.13.0, torch.distributed.launcher.api.elastic_launch, seen 2026-11-28 on Linux.
#
# One would expect: worker processes that a launcher started end with it, and a launcher that is told to
# stop by SIGTERM exits as a process ended by SIGTERM does (143 from a shell).
#
# What happens: workers run in sessions of their own, and no parent-death signal is set. When the launcher
# is killed (SIGKILL, as an out-of-memory killer sends it), both workers go on. On SIGTERM the launcher ends
# the workers, and exits with 1, the exit code of an uncaught SignalException.
#
# A training that must not leave processes behind needs a watchdog of its own, and schedulers that tell a
# stop from a failure by the exit code need a translation.
set -euo pipefail
folder=$(mktemp -d)
trap 'pkill -KILL -f "$folder/worker" || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.13.0 numpy==2.4.6 2>/dev/null
cat > "$folder/worker.py" <<'PY'
import sys
import time
from pathlib import Path

Path(sys.argv[1], f"started-{time.monotonic_ns()}").touch()
time.sleep(60)
PY
cat > "$folder/launch.py" <<'PY'
import sys

from torch.distributed.launcher.api import LaunchConfig, elastic_launch

if __name__ == "__main__":
    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=2, rdzv_backend="c10d",
        rdzv_endpoint="localhost:0", max_restarts=0, run_id="finding",
    )
    elastic_launch(config, sys.executable)("-u", *sys.argv[1:])
PY
workers() { pgrep -fc -- "-u $folder/worker.py" || true; }
launched() { # start the launcher, and wait until both workers run
    mkdir "$folder/$1"
    "$folder/venv/bin/python" "$folder/launch.py" "$folder/worker.py" "$folder/$1" 2>"$folder/$1.log" &
    launcher=$!
    for _ in $(seq 120); do
        [ "$(find "$folder/$1" -type f | wc -l)" = 2 ] && return
        sleep 0.5
    done
    echo "the workers did not start: $(tail -3 "$folder/$1.log")" && exit 1
}
launched killed
kill -KILL "$launcher"
wait "$launcher" || true
sleep 5
left=$(workers)
pkill -KILL -f "$folder/worker" || true
launched terminated
kill -TERM "$launcher"
code=0
wait "$launcher" || code=$?
echo "workers that outlive a killed launcher: $left of 2; exit code after SIGTERM: $code"
[ "$left" = 2 ] && [ "$code" = 1 ]
# Output on 2026-11-28: workers that outlive a killed launcher: 2 of 2; exit code after SIGTERM: 1
