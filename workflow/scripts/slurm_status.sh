#!/usr/bin/env bash
# Prints running, success or failed of a Slurm job, as profiles/generic asks for it. Another scheduler's
# differs in the commands that say a job's state.
state_of() { # where there is no accounting, sacct waits for ever
    squeue --noheader --states=all --format=%T --job "$1" 2>/dev/null ||
        timeout 10 sacct --noheader --parsable2 --allocations --format=State --job "$1" 2>/dev/null
}

state=$(state_of "$1")
case "${state%% *}" in
    COMPLETED) echo success ;;
    BOOT_FAIL | CANCELLED* | DEADLINE | FAILED | LAUNCH_FAILED | NODE_FAIL | OUT_OF_MEMORY | PREEMPTED | REVOKED | TIMEOUT)
        echo failed ;;
    *) echo running ;; # also where nobody answers for a moment: a second job beside the first would be worse
esac
