#!/usr/bin/env bash
# Makes each number of each rule of the library 1 % larger, one at a time, and says which tests of bouton-rules turn red. A number that
# none sees is named at the end, and the script fails. Tests that only read the text (page, language, robust) are not asked.
#   scripts/one_percent.sh [RULE ...]
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(cargo test -q -p bouton-rules --test it --no-run --message-format=json |
  python3 -c 'import json,sys; print([j["executable"] for j in map(json.loads, sys.stdin) if j.get("executable")][-1])')
cd crates/bouton-rules
all=$("$program" --exact language::every_number_of_the_library_can_be_put_off --nocapture | sed -n 's/^NUMBER //p')
count=0 unseen=()
skip=(--skip page:: --skip language:: --skip robust:: --skip oracle:: --skip delays:: --skip steps::)
# Minutes of spike trains: only where nothing else sees a number.
long=(--skip inhibition_)
failing() { BOUTON_ONE_PERCENT=$1 "$program" "${skip[@]}" "${@:2}" 2>/dev/null | sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p'; }
while read -r number text; do
  if [ $# -gt 0 ] && [[ " $* " != *" ${number%%:*} "* ]]; then continue; fi
  count=$((count + 1))
  red=$(failing "$number" "${long[@]}" || true)
  [ -n "$red" ] || red=$(failing "$number" || true)
  printf '%-28s %-64s %s\n' "$number" "$text" "${red:+$(echo "$red" | tr '\n' ' ')}"
  [ -n "$red" ] || unseen+=("$number")
done <<<"$all"
echo "$count numbers, ${#unseen[@]} that no test sees: ${unseen[*]:-none}"
[ ${#unseen[@]} -eq 0 ]
