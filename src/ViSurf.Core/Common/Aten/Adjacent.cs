using static TorchSharp.torch;

namespace ViSurf.Core.Common.Aten;

/// <summary>Tensors that lie one after the other in one piece of memory, seen as one.</summary>
internal static unsafe class Adjacent
{
    /// <summary>The rows of all parts: a view without gradient. Null when they do not lie so, or that cannot be found out.</summary>
    /// <param name="parts">All of the same shape but for the first dimension, one dtype, one device.</param>
    public static Tensor? Joined(IReadOnlyList<Tensor> parts)
    {
        if (AtenLibrary.Instance is not { } library) return null;
        var (first, end) = (parts[0], parts[0].storage_offset());
        var start = Start(library, first);
        foreach (var part in parts)
        {
            if (!part.is_contiguous() || part.dtype != first.dtype) return null;
            if (part.storage_offset() != end || Start(library, part) != start) return null;
            if (!part.shape.AsSpan(1).SequenceEqual(first.shape.AsSpan(1))) return null;
            end += part.numel();
        }
        using var plain = first.detach();
        return plain.as_strided([parts.Sum(part => part.shape[0]), .. first.shape[1..]], first.stride(), first.storage_offset());
    }

    /// <summary>Where the tensor's memory begins, whatever of it the tensor is.</summary>
    private static nint Start(AtenLibrary library, Tensor tensor)
    {
        nint data;
        if (library.Data(tensor.Handle, &data) != 0) throw new InvalidOperationException("libtorch gave no address of a tensor.");
        GC.KeepAlive(tensor);
        return data - (nint)(tensor.storage_offset() * tensor.ElementSize);
    }
}
