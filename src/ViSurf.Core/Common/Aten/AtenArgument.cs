using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ViSurf.Core.Common.Aten;

/// <summary>
/// One argument of an <see cref="AtenOperator"/>, by the types of its schema. Every argument of the schema must be given.
/// </summary>
internal readonly unsafe struct AtenArgument
{
    private readonly Kind _kind;
    private readonly ulong _bits;
    private readonly object? _object;

    private AtenArgument(Kind kind, ulong bits, object? value = null) => (_kind, _bits, _object) = (kind, bits, value);

    private enum Kind
    {
        Bits,
        Tensor,
        OptionalTensor,
        OptionalBits,
        Integers,
        Tensors,
    }

    /// <summary>None, for anything the schema writes with a question mark.</summary>
    public static AtenArgument None => default;

    /// <summary><c>Tensor</c>; stays the caller's.</summary>
    public static AtenArgument Of(Tensor value) => new(Kind.Tensor, 0, value);

    /// <summary><c>Tensor?</c>; stays the caller's.</summary>
    public static AtenArgument Optional(Tensor? value) => value is null ? None : new(Kind.OptionalTensor, 0, value);

    /// <summary><c>int</c>, <c>SymInt</c>.</summary>
    public static AtenArgument Of(long value) => new(Kind.Bits, (ulong)value);

    /// <summary><c>float</c>, which is a double.</summary>
    public static AtenArgument Of(double value) => new(Kind.Bits, BitConverter.DoubleToUInt64Bits(value));

    /// <summary><c>float?</c>.</summary>
    public static AtenArgument Optional(double value) => new(Kind.OptionalBits, BitConverter.DoubleToUInt64Bits(value));

    /// <summary><c>bool</c>.</summary>
    public static AtenArgument Of(bool value) => new(Kind.Bits, value ? 1UL : 0);

    /// <summary><c>int[]</c>, <c>SymInt[]</c>.</summary>
    public static AtenArgument Of(long[] values) => new(Kind.Integers, 0, values);

    /// <summary><c>Tensor[]</c>; they stay the caller's.</summary>
    public static AtenArgument Of(Tensor[] values) => new(Kind.Tensors, 0, values);

    /// <summary>What the argument is on the stack; handles and lists made here go over to the call.</summary>
    public ulong Push(AtenLibrary library) => _kind switch
    {
        Kind.Bits => _bits,
        Kind.Tensor => Handle(library, (Tensor)_object!),
        Kind.OptionalTensor => Boxed(Handle(library, (Tensor)_object!)),
        Kind.OptionalBits => Boxed(_bits),
        Kind.Integers => List(library, Array.ConvertAll((long[])_object!, value => (ulong)value)),
        _ => List(library, Array.ConvertAll((Tensor[])_object!, value => Handle(library, value))),
    };

    /// <summary>Keeps what has been pushed alive until here.</summary>
    public void KeepAlive() => GC.KeepAlive(_object);

    /// <summary>The tensor's shape, the integers: for messages.</summary>
    public override string ToString() => _object switch
    {
        Tensor tensor => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}] on {tensor.device}",
        long[] values => $"[{string.Join(", ", values)}]",
        Tensor[] tensors => $"{tensors.Length} tensors",
        _ => _kind == Kind.Bits && _bits == 0 ? "0" : $"0x{_bits:x}",
    };

    /// <summary>libtorch frees it with C++'s delete, which on Linux is malloc's free.</summary>
    private static ulong Boxed(ulong value)
    {
        var box = (ulong*)NativeMemory.Alloc(sizeof(ulong));
        *box = value;
        return (ulong)box;
    }

    private static ulong Handle(AtenLibrary library, Tensor tensor)
    {
        nint handle;
        return library.NewHandle(tensor.Handle, &handle) == 0
            ? (ulong)handle
            : throw new InvalidOperationException(
                $"libtorch gave no second handle of a tensor of shape [{string.Join(", ", tensor.shape)}].");
    }

    private static ulong List(AtenLibrary library, ulong[] elements)
    {
        nint list;
        if (library.NewList((nuint)elements.Length, &list) != 0) throw new InvalidOperationException("libtorch made no list.");
        foreach (var element in elements)
            if (library.Append(list, element) != 0) throw new InvalidOperationException("libtorch took no element into its list.");
        return (ulong)list;
    }
}
