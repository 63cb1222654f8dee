"""The booking engine: pure rules (``slots``, ``availability``) and the write rules that use them."""
