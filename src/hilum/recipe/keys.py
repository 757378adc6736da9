"""Every key of a recipe: its type, its range and what it means. Described here and nowhere else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[a-z0-9][a-z0-9-]*$"
Share = Annotated[float, Field(ge=0, lt=1)]
Nodes = Annotated[int, Field(ge=1, le=4096)]
# torch 2.15 was seen to write outside its memory on AVX512 with 4 or 8 channels in channels_last, never with 16.
Channels = Annotated[int, Field(ge=16, le=4096)]
Protocol = Literal["official", "grouped", "grouped20", "random20", "block"]
Activation = Literal["relu", "leaky-relu", "elu", "gelu", "silu", "tanh"]
KeptFigure = Literal["auroc", "auprc", "loss", "sensitivity", "specificity", "balanced-accuracy", "f1", "last"]


class Section(BaseModel):
    """What all sections of a recipe have in common: frozen, and no key that is not described."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)  # TOML has inf and nan


class Network(Section):
    """[network]: which layers there are, where their weights come from and which of them are trained."""

    architecture: str = Field(description="'small-cnn' or the name of a timm network, such as 'mobilenetv2_100'.")
    pretrained: bool = Field(False, description="Start from ImageNet weights; the head always starts afresh.")
    scaling: Literal["pretraining", "unit"] = Field(
        "pretraining", description="Grey levels scaled as in the network's pretraining, or divided by 255 alone."
    )
    trained: Literal["all", "head", "last"] = Field(
        "all", description="Layers that are trained; frozen ones run in evaluation mode."
    )
    last_layers: int = Field(
        0, ge=0, le=1000, description="How many layers 'last' means, counted in Keras's list of the body's layers."
    )
    norms: Literal["frozen", "trained"] = Field(
        "frozen", description="Batch norms of frozen layers: 'trained' lets them learn, as fast.ai does."
    )
    head: Literal["linear", "dense", "concat"] = Field(
        "linear",
        description="'linear' on average-pooled maps; 'dense': flattened maps and two dense layers; "
        "'concat': fast.ai's, average and maximum pool, norms and two dense layers.",
    )
    hidden: Nodes = Field(256, description="Nodes of the first dense layer of the heads 'dense' and 'concat'.")
    head_nodes: Literal[1, 2] = Field(1, description="Outputs of the head: one logit, or one score a class.")
    dropout: Share = Field(0.0, description="Share of the features dropped before the last layer while training.")
    activation: Activation = Field("relu", description="Activation of 'small-cnn' and of the head's hidden layer.")
    widths: tuple[Channels, ...] = Field(
        (24, 48, 96, 192), min_length=1, description="Channels of each stage of 'small-cnn', 16 or more."
    )


class FilmShape(Section):
    """[film]: how a film becomes the square that the network sees."""

    side: int = Field(224, ge=28, le=1024, description="Side of the square in pixels.")
    geometry: Literal["squash", "pad"] = Field(
        "squash",
        description="'squash' ignores the aspect ratio, which gives the Kermany label away; 'pad' keeps it.",
    )


class Augment(Section):
    """[augment]: random changes of a training film."""

    views: int = Field(
        0, ge=0, le=1000, description="0 draws every film afresh in every epoch; K draws K views once, taken in turn."
    )
    zoom: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="Smallest share of the film's area that a crop keeps."
    )
    aspect: Share = Field(0.25, description="Crop sides vary by this share, so that the aspect ratio teaches nothing.")
    rotation_degrees: float = Field(0.0, ge=0, le=180, description="Largest rotation to either side.")
    shift: Share = Field(0.0, description="Largest shift, as a share of the side.")
    fill: Literal["black", "mean", "edge"] = Field(
        "black", description="What rotation and shift leave bare: black, the film's mean, or its edge carried on."
    )
    flip: bool = Field(False, description="Mirror half of the films left to right.")
    brightness: Share = Field(0.0, description="Brightness factor varies by this share.")
    contrast: Share = Field(0.0, description="Contrast factor varies by this share.")
    noise: Share = Field(0.0, description="Standard deviation of added Gaussian noise, as a share of white.")
    mixup: float = Field(
        0.0,
        ge=0,
        le=10,
        description="Alpha of mixup (Zhang et al. 2018): pairs of films and labels are blended; 0: no.",
    )


class Train(Section):
    """[train]: how the layers learn."""

    epochs: int = Field(ge=1, le=100_000, description="Passes over the fit patients.")
    batch_size: int = Field(32, ge=2, le=65_536, description="Films a step, over all processes together.")
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop"] = Field(
        "adamw", description="Rule of the update; sgd has momentum 0.9."
    )
    learning_rate: float = Field(gt=0, le=100, description="Largest learning rate of the schedule.")
    schedule: Literal["one-cycle", "cosine", "constant", "plateau"] = Field(
        "one-cycle", description="Learning rate over the steps; 'plateau' lowers it when the kept figure stands still."
    )
    plateau_patience: int = Field(2, ge=1, le=1000, description="Epochs without gain before 'plateau' lowers the rate.")
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.3, description="What 'plateau' multiplies the rate by."
    )
    cycle_momentum: bool = Field(
        False, description="One-cycle moves the momentum against the rate, 0.95 to 0.85 and back, as fast.ai does."
    )
    unfreeze_epoch: int = Field(
        0,
        ge=0,
        le=100_000,
        description="After so many epochs all layers are trained, in a cycle of their own; 0: never.",
    )
    unfrozen_learning_rate: float = Field(
        0.0, ge=0, le=100, description="Largest learning rate after unfreezing; 0 takes learning_rate."
    )
    first_layers_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0,
        description="Discriminative rates: the first layers learn at this share of the rate, the head at all of it.",
    )
    weight_decay: float = Field(0.0, ge=0, le=100, description="Decay of weights that have more than one dimension.")
    l1: float = Field(0.0, ge=0, le=100, description="L1 penalty in the loss, on weights of more than one dimension.")
    l2: float = Field(0.0, ge=0, le=100, description="L2 penalty in the loss, on weights of more than one dimension.")
    clip_norm: float = Field(0.0, ge=0, description="Largest norm of all gradients together; 0: not clipped.")
    average: Share = Field(
        0.0, description="Decay of an exponential moving average of the weights, which is judged and kept; 0: none."
    )
    loss: Literal["cross-entropy", "focal"] = Field("cross-entropy", description="Loss of a film.")
    focal_gamma: float = Field(2.0, ge=0, le=10, description="Exponent of the focal loss (Lin et al. 2017).")
    class_weights: bool = Field(True, description="Weigh films so that both classes count the same in the loss.")
    balanced_sampler: bool = Field(False, description="Draw as many normal films as films with pneumonia every epoch.")
    logit_adjustment: float = Field(
        0.0,
        ge=0,
        le=10,
        description="Times the log prior that the loss adds to the logits (Menon et al. 2021); 0: none.",
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = Field(
        0.0, description="Each label moves by half of this towards the other class."
    )
    keep: KeptFigure = Field(
        "loss", description="Epoch that is kept: the best by this figure on the select patients, or the last."
    )
    early_stop: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Stop after so many epochs without gain in the kept figure, not before unfreezing; 0: never.",
    )


class Cache(Section):
    """[cache]: frozen layers are computed once and kept on disc."""

    enabled: bool = Field(
        False, description="Keep what the frozen layers say of every view; needs augment.views, and norms that stay."
    )
    precision: Literal["fp32", "fp16"] = Field("fp32", description="Numbers on disc; fp16 takes half the room.")
    engine: Literal["auto", "torch", "onnxruntime"] = Field(
        "auto", description="What runs the frozen layers; 'auto' takes the fastest that is installed."
    )
