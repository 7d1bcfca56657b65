"""Problems of models."""

from imaging.errors import Problem


class ModelProblem(Problem):
    """A model that cannot be used, or cannot be used on this scan."""


class PixelSizeUnknown(ModelProblem):
    """A scan does not say how large its pixels are and the model needs it: a person must (`Choices`)."""
