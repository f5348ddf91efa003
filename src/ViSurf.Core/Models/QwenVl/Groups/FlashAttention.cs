using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;
using ViSurf.Core.Common.Aten;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>
/// Attention of sequences' last tokens, each of which sees all up to itself: query t of T sees the first S − T + t + 1 of S keys ("causal
/// at the lower right").
/// </summary>
/// <param name="query">[B, heads, T, d].</param>
/// <param name="key">[B, key-value heads, S, d], S ≥ T; each is shared by heads / key-value heads neighbouring query heads.</param>
/// <param name="value">The same.</param>
/// <returns>[B, heads, T, d]; null when it does not take these.</returns>
internal delegate Tensor? LowerRight(Tensor query, Tensor key, Tensor value);

/// <summary>
/// libtorch's flash attention, which CUDA alone has: no mask, grouped heads as they are, nothing of queries × keys in memory.
/// <c>scaled_dot_product_attention</c> would not do: its causal mask stands at the upper left, and with a mask it takes neither this nor
/// grouped heads.
/// </summary>
/// <remarks>
/// That the operator means the lower right is what torch's own <c>torch.nn.attention.bias.causal_lower_right</c> calls it for, and that it
/// shares heads what <c>enable_gqa</c> does. It has not been run on a GPU yet: a first call that is refused says so in the trace, and from
/// then on the way with a mask is taken.
/// </remarks>
internal sealed class FlashAttention
{
    private const long WidestHead = 256;

    // A script, because its results are tensors and numbers: see AtenOperator.
    internal static readonly ScriptOperator Operator = new("flash",
        "def flash(q: Tensor, k: Tensor, v: Tensor) -> Tensor:\n"
            + "    return torch._scaled_dot_product_flash_attention(q, k, v, 0.0, True, False)[0]\n",
        "_ZN2at4_ops35_scaled_dot_product_flash_attention4callERKNS_6TensorES4_S4_dbbSt8optionalIdE");

    private volatile bool _worked, _refused;

    private FlashAttention()
    {
    }

    /// <summary>The attention for tensors of a device and dtype; null where there is none.</summary>
    public static LowerRight? For(Device device, ScalarType type)
        => device.type == DeviceType.CUDA && (type is ScalarType.BFloat16 or ScalarType.Float16) && Operator.IsAvailable
            ? new FlashAttention().Of
            : null;

    private Tensor? Of(Tensor query, Tensor key, Tensor value)
    {
        // Heads of other widths would have to be padded.
        if (_refused || query.shape[3] % 8 != 0 || query.shape[3] > WidestHead) return null;
        try
        {
            var mixed = Operator.Call(query, key, value);
            _worked = true;
            return mixed;
        }
        // Once it has worked, what fails is something else: memory, most of all.
        catch (ExternalException e) when (!_worked && !e.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase))
        {
            _refused = true;
            Trace.TraceWarning($"Flash attention is not used: {e.Message} Attention goes on with a mask, which is slower.");
            return null;
        }
    }
}
