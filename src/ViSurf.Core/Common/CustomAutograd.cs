namespace ViSurf.Core.Common;

/// <summary>Whether TorchSharp's functions with a backward pass of their own work with the libtorch that runs.</summary>
internal static class CustomAutograd
{
    // TorchSharp 0.107.0 calls these when such a function is applied, freed and differentiated. They take a node by shared_ptr, which newer
    // libtorch holds in another kind of pointer; a call of a symbol that is not there ends the process.
    private static readonly string[] Symbols =
    [
        "_ZN5torch8autograd13_wrap_outputsERKSt6vectorIN2at6TensorESaIS3_EE"
            + "RKSt13unordered_setIPN3c1010TensorImplESt4hashISB_ESt8equal_toISB_ESaISB_EESJ_"
            + "NS9_8ArrayRefISt8optionalIS3_EEERKSt10shared_ptrINS0_4NodeEERKSt8functionIFS5_S5_S5_EESJ_RKST_IFS3_S3_EEb",
        "_ZN5torch8autograd10deleteNodeEPNS0_4NodeE",
        "_ZNK5torch8autograd13SavedVariable6unpackESt10shared_ptrINS0_4NodeEE",
    ];

    private static readonly Lazy<string?> Reason = new(() => Refusal(TorchSymbols.Missing(Symbols)));

    /// <summary>Whether they work.</summary>
    public static bool IsSupported => Reason.Value is null;

    /// <exception cref="NotSupportedException">This libtorch lacks what they need; says what to do.</exception>
    public static void EnsureSupported()
    {
        if (Reason.Value is { } reason) throw new NotSupportedException(reason);
    }

    /// <summary>Why it does not work, or null.</summary>
    internal static string? Refusal(IReadOnlyList<string> missing) => missing.Count == 0 ? null
        : "Expected a libtorch of the version that TorchSharp was built against, got one without "
            + $"{string.Join(", ", missing.Select(Short))}: it cannot compute parts of a pass again in the backward pass. "
            + "Reference TorchSharp's own libtorch package, or point to a PyTorch of that version (2.10 for TorchSharp 0.107); or leave "
            + "recomputation off (RecomputeLayers = false) and keep a micro-batch's logits below what makes the head recompute, "
            + "with a smaller MicroBatchTokens.";

    private static string Short(string symbol) => symbol switch
    {
        _ when symbol.Contains("_wrap_outputs", StringComparison.Ordinal) => "torch::autograd::_wrap_outputs(…, shared_ptr<Node>, …)",
        _ when symbol.Contains("deleteNode", StringComparison.Ordinal) => "torch::autograd::deleteNode",
        _ => "torch::autograd::SavedVariable::unpack(shared_ptr<Node>)",
    };
}
