"""The loss of a film: cross-entropy or focal, weighed by class, with labels that may be smoothed or blended."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from hilum.recipe import Train


@dataclass(frozen=True, slots=True)
class FilmLoss:
    """What each film adds to the loss.

    Args:
        normal_weight, pneumonia_weight: of a film of that class.
        smoothing: each label moves by half of this towards the other class.
        focal_gamma: exponent of the focal loss; 0 is the cross-entropy.
        added_to_logit: what logit adjustment adds before the loss.
    """

    normal_weight: float = 1.0
    pneumonia_weight: float = 1.0
    smoothing: float = 0.0
    focal_gamma: float = 0.0
    added_to_logit: float = 0.0

    def __call__(self, logit: Tensor, pneumonia: Tensor) -> Tensor:
        """(n,) losses.

        Args:
            logit: (n,) pneumonia minus normal.
            pneumonia: (n,) share of each label that is pneumonia: 0 or 1, or between them where films are blended.
        """
        logit, share = logit + self.added_to_logit, pneumonia.to(logit.dtype)
        as_pneumonia = self.pneumonia_weight * self._of_label(logit, 1 - self.smoothing / 2)
        as_normal = self.normal_weight * self._of_label(logit, self.smoothing / 2)
        return share * as_pneumonia + (1 - share) * as_normal

    def _of_label(self, logit: Tensor, target: float) -> Tensor:
        log_pneumonia, log_normal = functional.logsigmoid(logit), functional.logsigmoid(-logit)
        if self.focal_gamma:
            # Source: Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 4.
            log_pneumonia, log_normal = (
                log_pneumonia * torch.exp(self.focal_gamma * log_normal),
                log_normal * torch.exp(self.focal_gamma * log_pneumonia),
            )
        return -(target * log_pneumonia + (1 - target) * log_normal)


def fit_loss(train: Train, is_pneumonia: npt.NDArray[np.bool_]) -> FilmLoss:
    """The loss that is minimised on fit films with these labels.

    Where the sampler draws both classes alike, class weights have nothing left to do.

    Source of the logit adjustment: Menon et al. 2021, "Long-tail learning via logit adjustment", equation 10.
    """
    normal, pneumonia = _class_weights(is_pneumonia) if train.class_weights and not train.balanced_sampler else (1, 1)
    counts = np.bincount(is_pneumonia.astype(int), minlength=2).clip(1)
    return FilmLoss(
        normal_weight=normal,
        pneumonia_weight=pneumonia,
        smoothing=train.label_smoothing,
        focal_gamma=train.focal_gamma if train.loss == "focal" else 0.0,
        added_to_logit=train.logit_adjustment * math.log(counts[1] / counts[0]),
    )


def select_loss(train: Train, is_pneumonia: npt.NDArray[np.bool_]) -> FilmLoss:
    """The loss by which epochs are compared: the fit films' own, for labels as they are.

    Films are weighed by class, as `is_pneumonia` of the fit films has it, where fitting counts both classes alike by
    either means.
    """
    fitted = fit_loss(train, is_pneumonia)
    normal, pneumonia = _class_weights(is_pneumonia) if train.class_weights or train.balanced_sampler else (1, 1)
    return FilmLoss(normal, pneumonia, 0.0, fitted.focal_gamma, fitted.added_to_logit)


def _class_weights(is_pneumonia: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Weight of a normal film and of one with pneumonia, so that both classes add up to the same."""
    counts = np.bincount(is_pneumonia.astype(int), minlength=2).clip(1)
    normal, pneumonia = len(is_pneumonia) / (2 * counts)
    return float(normal), float(pneumonia)


def penalty(train: Train, parameters: Iterable[nn.Parameter]) -> Tensor | None:
    """The L1 and L2 penalties of the weights that learn and have more than one dimension; None where there are none."""
    if not (train.l1 or train.l2):
        return None
    weights = [weight for weight in parameters if weight.requires_grad and weight.ndim > 1]
    return torch.stack([train.l1 * weight.abs().sum() + train.l2 * weight.square().sum() for weight in weights]).sum()


def mixup(films: Tensor, pneumonia: Tensor, alpha: float, seed: int) -> tuple[Tensor, Tensor]:
    """Each film of a batch blended with another one of it, and their labels alike.

    Args:
        films: (n, 1, side, side), grey levels 0 to 255.
        pneumonia: (n,) share of each label that is pneumonia.
        alpha: the films' shares come from Beta(alpha, alpha), one draw a batch.
        seed: decides the draw and the pairs.

    Source: Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization", equation 1.
    """
    generator = np.random.default_rng(seed)
    share = float(generator.beta(alpha, alpha))
    other = torch.from_numpy(generator.permutation(len(films))).to(films.device)
    films, pneumonia = films.float(), pneumonia.float()
    return torch.lerp(films[other], films, share), torch.lerp(pneumonia[other], pneumonia, share)
