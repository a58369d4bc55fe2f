"""The crash harness: a whole Slipway in processes that are killed, beside a target and a workspace that live on."""
