#!/bin/bash
# A training on all nodes of a Slurm job, one task a node: sbatch docs/training_slurm.sh. The folder from which it is
# submitted holds records/ and is shared by the nodes. Two minutes before the time is over all nodes save and end, and
# the job goes back to the queue, where it resumes.
#SBATCH --job-name=retarget-train
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue

run_node() {
  names=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | while read -r node; do printf '"%s:2222",' "$node"; done)
  task='{"type": "worker", "index": '$SLURM_PROCID'}'
  export TF_CONFIG='{"cluster": {"worker": ['${names%,}']}, "task": '$task'}'
  exec retarget-train --strategy=multi_worker --records=records --workdir=work --minutes=600 --batch_size=32
}
export -f run_node

# --kill-on-bad-exit ends the others at once instead of after half a minute.
srun --kill-on-bad-exit=1 bash -c run_node
ended=$?
# 143: stopped by SIGTERM, with a checkpoint. 1: a node is gone, or a disk is full; the log says which.
if [ $ended -eq 143 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit $ended
