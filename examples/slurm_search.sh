#!/bin/bash
# A search of trainings on a SLURM cluster, of as many workers as the array has tasks, one GPU each:
#
#   sbatch examples/slurm_search.sh
#
# Every task is a worker of one Optuna study in a journal file on the shared file system. Tasks may start late, end early,
# be preempted and be submitted again: the study goes on, until its budget is spent. What came of it:
#
#   optuna-dashboard "$SCRATCH/search.log"        (pip install optuna-dashboard)
#
#SBATCH --job-name=metanp-search
#SBATCH --array=0-31
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4
#SBATCH --time=08:00:00
#SBATCH --requeue
#SBATCH --output=logs/%x-%a.out

export OMP_NUM_THREADS=1 # the cores are the training's
sleep $((SLURM_ARRAY_TASK_ID % 30)) # not all at the same moment

srun python -m metanp.integrations.optuna.worker \
    --storage "$SCRATCH/search.log" --space nasbench201 --budget 500 --seed 0 --stop 0.95 --stalled 3600 \
    --logs "$SCRATCH/search.logs" \
    --evaluate "python -m scripts.train --cell {cell} skeleton=nasbench201 data=cifar10 side=0 epochs=12 padding=4"
