"""What every deployer promises, held against each of them and against the target behind it."""
