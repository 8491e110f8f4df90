#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the logs and receipts beside this script with ./indelible, which the tests of the verifier
# read. Each run makes other keys, so all files change together.
set -eu
cd "$(dirname "$0")"
indelible=$(cd ../../.. && pwd)/indelible
work=$(mktemp -d)
witness=
trap 'test -z "$witness" || kill "$witness"; rm -rf "$work"' EXIT
rm -rf log receipts events.jsonl vkeys witnesses verify.json
export INDELIBLE_DATA="$work/data"

# 230 decisions under the first key, 40 under the second: one full tile and a partial one.
decide() {
  i=$1
  while [ "$i" -le "$2" ]; do
    echo "{\"agent_id\":\"agent:alice\",\"action\":{\"kind\":\"bash\",\"command\":\"ls -l file-$i\"}}"
    i=$((i + 1))
  done
}
{
  decide 1 227
  cat <<'END'
{"agent_id":"agent:bob","action":{"kind":"bash","command":"rm -rf /"}}
{"agent_id":"agent:Zoë","action":{"kind":"custom","custom_kind":"näme","payload":{"n":[1e30,-0.5,1e-7],"é":"😀\u0007\"\\"}}}
{"agent_id":"agent:bob","action":{"kind":"tool_call","tool":"send","arguments":{"to":"a@example.org"}}}
END
} | "$indelible" gate >/dev/null

"$indelible" witness init --state "$work/witness" --name witness.example >witnesses
"$indelible" keys rotate >/dev/null
"$indelible" keys export --format vkey >vkeys
"$indelible" witness trust --state "$work/witness" $(cat vkeys) >/dev/null
"$indelible" witness serve --state "$work/witness" --listen 127.0.0.1:0 >"$work/address" &
witness=$!
until grep -q 'http' "$work/address"; do sleep 0.2; done
address=$(grep -o 'http://[0-9.:]*' "$work/address" | head -n1)
printf 'witness one %s %s\nquorum one\n' "$(cat witnesses)" "$address" >"$INDELIBLE_DATA/witnesses"

erased=$("$indelible" log list --output json --agent agent:bob | head -n1 | sed 's/.*"id":"\([^"]*\)","key_id.*/\1/')
first=$("$indelible" log show 1 --output json | sed 's/.*"key_id":"\([^"]*\)".*/\1/')
"$indelible" keys revoke --reason "the laptop was stolen" --since 225 "$first" >/dev/null
{
  decide 228 266
  echo '{"agent_id":"agent:bob","action":{"kind":"bash","command":"rm -rf /"}}'
} | "$indelible" gate >/dev/null

"$indelible" log export log >/dev/null
rm -f log/.lock
"$indelible" log list --output json --type governance.refusal >"$work/refusals"
"$indelible" log list --output json --agent agent:Zoë >>"$work/refusals"
"$indelible" log show 10 --output json >>"$work/refusals"
mkdir receipts
ids=$(sed 's/.*"id":"\([^"]*\)","key_id.*/\1/' "$work/refusals")
for id in $ids; do
  "$indelible" log prove --payload --out "receipts/$id.tlog-proof" "$id" >/dev/null
done
"$indelible" log prove --out "receipts/without-payload.tlog-proof" "$erased" >/dev/null
cp "$work/refusals" events.jsonl
"$indelible" log erase-payload --reason "a request to forget" --by carol "$erased" >/dev/null
"$indelible" log show "$erased" --output json >>events.jsonl
for type in key.rotated key.compromised payload.erased; do
  "$indelible" log list --output json --type "$type" >>events.jsonl
done
"$indelible" log verify --export log $(sed 's/^/--key /' vkeys) --witness "$(cat witnesses)" \
  --output json >verify.json
