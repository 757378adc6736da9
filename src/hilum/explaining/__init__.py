"""What a network sees: its layers, and maps that need its gradients or its weights. Import the module you need."""
