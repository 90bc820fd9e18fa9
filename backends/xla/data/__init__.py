"""Training data: from what a spec's `train.data` names to arrays by input and target."""
