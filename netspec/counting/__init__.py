"""What a network costs: parameters, multiply-adds, activations, receptive fields; as numbers, closed forms and sums."""
