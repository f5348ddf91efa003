namespace ViSurf.Core.Benchmarks.Launches;

/// <summary>What an operator costs on CUDA in kernel launches, read off ATen's sources of libtorch 2.10; not measured.</summary>
internal static class LaunchTable
{
    /// <summary>
    /// Operators that are one call of a kernel (or two, where noted) on CUDA, whatever the CPU or the meta device makes of them.
    /// </summary>
    private static readonly Dictionary<string, int> Whole = new()
    {
        // Of mixed dtypes: the CPU casts its operands first, a kernel on CUDA does so while it reads.
        ["aten::mul"] = 1,
        ["aten::mul_"] = 1,
        ["aten::add"] = 1,
        ["aten::add_"] = 1,
        ["aten::addcmul_"] = 1,
        ["aten::copy_"] = 1,
        ["aten::_fused_rms_norm"] = 1,
        ["aten::_fused_rms_norm_backward"] = 2,
        ["aten::_fused_adamw_"] = 1,
        ["aten::scaled_dot_product_attention"] = 1,
        ["aten::_scaled_dot_product_flash_attention"] = 1,
        ["aten::_scaled_dot_product_flash_attention_backward"] = 3,
        ["aten::_scaled_dot_product_flash_attention_for_cpu_backward"] = 3,
        ["aten::linear"] = 1,
        ["aten::addmm"] = 1,
        ["aten::addmm_"] = 1,
        ["aten::baddbmm"] = 1,
        ["aten::cumsum"] = 1,
        ["aten::sort"] = 3,
        ["aten::topk"] = 3,
        ["aten::one_hot"] = 3,
    };

    /// <summary>Operators that look at a tensor another way, make room, or only call others.</summary>
    private static readonly HashSet<string> Free =
    [
        "aten::alias", "aten::as_strided", "aten::as_strided_", "aten::broadcast_tensors", "aten::chunk", "aten::contiguous", "aten::detach",
        "aten::detach_", "aten::empty", "aten::empty_like", "aten::empty_strided", "aten::expand", "aten::expand_as", "aten::flatten", "aten::index",
        "aten::is_nonzero", "aten::lift_fresh", "aten::movedim", "aten::narrow", "aten::new_empty", "aten::new_empty_strided", "aten::numpy_T",
        "aten::permute", "aten::real", "aten::requires_grad_", "aten::reshape", "aten::resize_", "aten::resolve_conj", "aten::resolve_neg", "aten::result_type",
        "aten::select", "aten::set_", "aten::slice", "aten::split", "aten::split_with_sizes", "aten::squeeze", "aten::squeeze_", "aten::sum_to_size",
        "aten::t", "aten::t_", "aten::to", "aten::_to_copy", "aten::transpose", "aten::transpose_", "aten::unbind", "aten::unflatten",
        "aten::unsafe_split", "aten::unsqueeze", "aten::unsqueeze_",
        "aten::view", "aten::view_as", "aten::view_as_complex", "aten::view_as_real", "aten::_reshape_alias", "aten::_unsafe_view",
    ];

    /// <summary>Operators whose value or size the host must know before it goes on.</summary>
    private static readonly HashSet<string> Waiting = ["aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::_unique2", "aten::equal"];

    /// <summary>Whether what runs inside this operator is not counted on its own.</summary>
    public static bool IsWhole(string name) => Whole.ContainsKey(name);

    /// <summary>Whether the host waits for it.</summary>
    public static bool Waits(string name) => Waiting.Contains(name);

    /// <summary>Launches of the operator itself, beside those of the operators that it has called.</summary>
    /// <param name="name">With its namespace.</param>
    /// <param name="hasInner">Whether it has called others that launch: then it is made of those.</param>
    public static int Of(string name, bool hasInner)
        => Whole.TryGetValue(name, out var launches) ? launches
            : Free.Contains(name) || hasInner || !name.StartsWith("aten::", StringComparison.Ordinal) ? 0
            : 1;
}
