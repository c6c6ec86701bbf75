// Carries the precompiled header that every LibTorch source shares.
