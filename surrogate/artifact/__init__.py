"""What a surrogate is once it is made: a card and ONNX files under one contract, and how they are run."""
