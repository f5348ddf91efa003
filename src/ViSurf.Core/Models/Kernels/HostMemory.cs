using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;
using DeviceType = TorchSharp.DeviceType;

namespace ViSurf.Core.Models.Kernels;

/// <summary>What the kernels of this folder read and write: float32 in host memory, on a processor with the instructions they use.</summary>
internal static unsafe class HostMemory
{
    /// <summary>Whether this processor has AVX2 and FMA: any x64 since 2013. Elsewhere libtorch does the work.</summary>
    public static bool IsSupported { get; } = Avx2.IsSupported && Vector256.IsHardwareAccelerated && Fma.IsSupported;

    /// <summary>Whether kernels can work on a tensor.</summary>
    public static bool Takes(Tensor tensor) => IsSupported && tensor.dtype == ScalarType.Float32 && tensor.device_type == DeviceType.CPU;

    /// <summary>Where a contiguous tensor's numbers begin. Valid while the tensor lives.</summary>
    public static float* Start(Tensor tensor)
    {
        if (tensor.numel() * sizeof(float) <= int.MaxValue) return (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
        // A span ends at 2 GiB, which the head of a 7B model exceeds; its first row begins at the same place.
        using var first = tensor.select(0, 0);
        return Start(first);
    }

    /// <summary>Where a contiguous tensor of int64 begins.</summary>
    public static long* Indices(Tensor tensor) => (long*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
}
