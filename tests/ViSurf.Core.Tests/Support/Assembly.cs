// Tensor tests do not run in parallel: dispose scopes and statistics are per thread, libtorch's threads are shared.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
