"""The options that every run has, whatever its model and data set."""

from option_values import above_zero, natural, not_negative, numbers, positive, share
from training.options.grammar import FlagAction, OptionGroup
from training.options.paths import Folder, Folders
from training.options.trainer import PlainValue

OWNER = "base"

OPTIMISERS = ("adam", "adamw", "sgd", "adagrad", "adadelta", "rmsprop", "nero", "madgrad")
POLICIES = (
    "lambda",
    "exponential",
    "step",
    "multistep",
    "plateau",
    "cosine",
    "cyclic",
    "reduceOnPlateau",
    "LinearWarmupCosineAnnealing",
)

ONE_CALL = (
    "hparams_file",
    "continue_train",
    "do_tuning",
    "load_weights_only",
    "load_hparams",
    "overwrite",
    "skip_training",
)
"""Options that say what this call is to do; they are not kept with the run."""

RENAMED = {
    "auto_lr_find": "it is gone; set --learning_rate",
    "checkpoint_callback": "today it is --enable_checkpointing",
    "default_root_dir": "today it is --experiments_dir",
    "distributed_backend": "today it is --strategy",
    "flush_logs_every_n_steps": "it is gone; leave it out",
    "max_nb_epochs": "today it is --max_epochs",
    "plugins": "today it is --strategy, as in --strategy deepspeed_stage_2",
    "progress_bar_refresh_rate": "today it is --enable_progress_bar or --no-enable_progress_bar",
    "resume_from_checkpoint": "today it is --continue_train",
    "tpu_cores": "today it is --accelerator tpu --devices N",
    "use_distributed_sampler": "it is gone; each process is given windows of its own",
    "weights_save_path": "today it is --experiments_dir",
}
"""Options of older scripts, and what to write today."""


def add_options(group: OptionGroup) -> None:
    """Declare them: what is run, on what data, how it is optimised, and what is done besides."""
    _add_run(group)
    _add_optimisation(group)
    _add_occasions(group)


def _add_run(group: OptionGroup) -> None:
    add = group.add_argument
    add("--experiment_name", "--experiment", dest="experiment", default="", help="name of the run, the YAML's if empty")
    add("--hparams_file", type=Folder, default="", help="YAML file of the experiment, instead of its name")
    add(
        "--experiments_dir",
        "--serialize_dir",
        type=Folder,
        default="training/experiments",
        help="folder that holds a folder per run",
    )
    add("--plugin_dir", type=Folders, default="", help="comma-separated folders of your own models, data sets, ...")
    add("--data_dir", type=Folder, default="", help="folder of the corpus")
    add("--text_folder", type=Folder, default="", help="folder of the transcripts that do not lie in data_dir")
    add("--corpus", default="", help="corpus to make or fetch when data_dir is not there yet")
    add("--recipe", default="", help="feature recipe to extract before training; none: the features are there")
    add("--model", default="transformer", help="short name of the model")
    add("--dataset_name", default="multimodal", help="short name of the data set")
    add("--seed", type=natural, default=0, help="seeds every random generator")


def _add_optimisation(group: OptionGroup) -> None:
    add = group.add_argument
    add("--gpus", type=PlainValue(frozenset({"int", "list[int]"}), optional=True), help="GPUs to use: how many, -1 all")
    add("--batch_size", type=positive, default=64, help="windows in a batch")
    add("--num_workers", type=natural, default=0, help="processes that load data; 0: the training process itself")
    add("--optimizer", choices=OPTIMISERS, default="adam", help="how the gradient is used")
    add("--learning_rate", "--lr", type=above_zero, default=1e-4, help="step size")
    add("--weight_decay", type=not_negative, default=0.0, help="weight decay of the optimiser")
    add("--momentum", type=not_negative, default=0.0, help="momentum of sgd, rmsprop and madgrad")
    add("--ema_decay", type=share, default=0.0, help="keep a moving average of the weights, as 0.999; 0: none")
    add("--lr_policy", choices=POLICIES, default="lambda", help="how the learning rate changes over the epochs")
    add("--warmup_epochs", type=not_negative, default=0.0, help="LinearWarmupCosineAnnealing: epochs of rising rate")
    add("--nepoch_decay", type=not_negative, default=0.0, help="lambda: last epochs, over which the rate falls to 0")
    add("--lr_decay_iters", type=above_zero, default=50.0, help="step, plateau, cyclic: epochs of a step")
    add(
        "--lr_decay_factor",
        type=not_negative,
        default=0.1,
        help="step, multistep, exponential, plateau, cyclic: the factor",
    )
    add("--lr_decay_milestones", type=numbers, default="500,1000", help="multistep: epochs at which the rate falls")


def _add_occasions(group: OptionGroup) -> None:
    def flag(name: str, default: bool, text: str) -> None:
        group.add_argument(name, action=FlagAction, default=default, help=text)

    flag("--do_validation", True, "measure the validation loss while training, and keep the best checkpoint by it")
    flag("--do_testing", False, "measure the loss on the test split at the end")
    flag("--skip_training", False, "do everything but the training itself")
    flag("--continue_train", False, "go on with a run where it stopped, with its options")
    flag("--load_weights_only", False, "begin the run anew with the weights it has, and a fresh optimiser")
    flag("--compile", False, "compile the model's loss with torch.compile, which takes minutes at first")
    flag("--preload", False, "copy the whole corpus into the device's memory, and cut the windows out there")
    flag("--do_tuning", False, "find a batch size and a learning rate first, and train with them")
    flag("--overwrite", False, "begin a run anew, and delete what it has left")
    flag("--load_hparams", True, "let a run that is continued keep its own options")
    group.add_argument(
        "--weights_from",
        type=Folder,
        default="",
        help="checkpoint, or folder of a run or of a shared model, whose weights to begin with",
    )
    group.add_argument(
        "--only_load_in_state_dict", default="", help="parts of names: of other weights, only those are taken"
    )
    group.add_argument("--ignore_in_state_dict", default="", help="parts of names: of other weights, not those")
    group.add_argument(
        "--skip_bad_batches", type=natural, default=0, help="batches that may be left out since they are not finite"
    )
    group.add_argument(
        "--save_every_minutes",
        type=not_negative,
        default=5.0,
        help="time between checkpoints within an epoch; 0: only after each epoch",
    )
    group.add_argument("--save_top_k", type=natural, default=1, help="how many checkpoints of the lowest loss are kept")
    group.add_argument(
        "--save_every_n_steps", type=natural, default=0, help="steps between checkpoints within an epoch; 0: by time"
    )
    group.add_argument(
        "--generate_at_end", choices=("", "train", "val", "test"), default="", help="split to generate a sequence of"
    )
    group.add_argument(
        "--sample_every_n_epochs",
        type=natural,
        default=0,
        help="epochs between clips in TensorBoard; 0: none",
    )
    group.add_argument(
        "--metrics_every_n_epochs",
        type=natural,
        default=0,
        help="epochs between metrics of generated motion in TensorBoard, beside those of real motion; 0: none",
    )
    group.add_argument(
        "--temperature",
        type=not_negative,
        default=1.0,
        help="scale of the randomness when this experiment's model generates",
    )
    flag("--smooth", False, "smooth what this experiment's model generates")
