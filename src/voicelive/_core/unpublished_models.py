"""Models whose protocol is not published: what is known of them, in words."""

from __future__ import annotations

__all__ = ["unpublished_model_message"]

_PREFIX = "gpt-live-"


def unpublished_model_message(model: str | None) -> str | None:
    """Say that the protocol of a model is not published; None of any other model.

    GPT-Live listens and speaks at the same time and hands work on to other models. How it is spoken to on Azure is not
    published, so what holds for other models need not hold for it.
    """
    if model is None or not model.lower().startswith(_PREFIX):
        return None
    return (
        f"the model {model!r} belongs to GPT-Live, whose protocol on Azure is not published: what is sent and received "
        "is checked and read as for other models, which may be wrong; for a conversation in turns take a model such as "
        "gpt-realtime"
    )
