#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints what a lone `check` costs beside `java -version`: processor time of the whole process
# with its launcher, and the ratio of their medians. Runs the two in turn. Argument: how many runs of each
# (default 11).
set -eu

runs=${1:-11}
home=$(cd "$(dirname "$0")/.." && pwd -P)
if [ -n "${JAVA_HOME:-}" ]; then java=$JAVA_HOME/bin/java; else java=java; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Appends the processor time of a command, in milliseconds, to a file. `times` counts the children of
# the shell that it runs in, so each command gets a shell of its own.
measure() {
  to=$1
  shift
  sh -c '"$@" >/dev/null 2>&1 || exit; times' measure "$@" | awk '
    NR == 2 {
      for (i = 1; i <= 2; i++) { split($i, part, /[ms]/); ms += (part[1] * 60 + part[2]) * 1000 }
      print int(ms)
    }' >>"$to"
}

median() {
  sort -n "$1" | awk '{ at[NR] = $1 } END { print at[int((NR + 1) / 2)] }'
}

check='{"kind":"bash","command":"ls"}'
"$home/indelible" --data "$work/data" check "$check" >/dev/null # builds, and makes the log
n=0
while [ "$n" -lt "$runs" ]; do
  measure "$work/check" "$home/indelible" --data "$work/data" check "$check"
  measure "$work/java" "$java" -version
  n=$((n + 1))
done

classes=$(INDELIBLE_JAVA_OPTS="-Xlog:class+load:file=$work/classes" \
  "$home/indelible" --data "$work/data" check "$check" >/dev/null && grep -c 'source:' "$work/classes")
of_check=$(median "$work/check")
of_java=$(median "$work/java")
echo "check          $of_check ms of processor time (median of $runs), $classes classes loaded"
echo "java -version  $of_java ms"
echo "ratio          $(awk "BEGIN { printf \"%.1f\", $of_check / $of_java }")"
