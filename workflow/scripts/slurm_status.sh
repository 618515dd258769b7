#!/usr/bin/env bash
# Prints running, success or failed of a Slurm job, as profiles/generic asks for it. Another scheduler's
# differs in the commands that say a job's state.
state_of() {
    squeue --noheader --states=all --format=%T --job "$1" 2>/dev/null ||
        sacct --noheader --parsable2 --allocations --format=State --job "$1" 2>/dev/null
}

for attempt in 1 2 3; do # a controller may be away for a moment
    state=$(state_of "$1")
    [ -n "$state" ] && break
    sleep 5
done
case "${state%% *}" in
    COMPLETED) echo success ;;
    PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUED) echo running ;;
    *) echo failed ;;
esac
