#!/usr/bin/env bash
# cyclopts 5.5.2, parameters of type int, seen 2026-11-29 on Linux.
#
# One would expect: a parameter of type int refuses 2.5, as argparse, click and typer do.
#
# What happens: it is rounded without a word, halves to even: 2.5 is 2, 3.5 is 4. An upscaler
# that is asked for a factor of 2.5 gives 2.
#
# Whoever has whole numbers checks the text with a converter of their own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q cyclopts==5.5.2 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import cyclopts

app = cyclopts.App(result_action="return_value")


@app.default
def scale(*, factor: int) -> int:
    return factor


seen = [app(["--factor", text]) for text in ("2", "2.5", "3.5")]
print("2, 2.5 and 3.5 become", seen)
sys.exit(seen != [2, 2, 4])
PY
"$folder/venv/bin/python" "$folder/look.py"
# Seen: 2, 2.5 and 3.5 become [2, 2, 4]
