using System.Runtime.InteropServices;
using TorchSharp;

namespace ViSurf.Core.Benchmarks;

/// <summary>The accelerator that is measured: its name, and what its maker promises.</summary>
internal static partial class Card
{
    /// <summary>
    /// Dense bfloat16 TFLOP/s by a part of the card's name, as verl's flops counter has them (verl/utils/flops_counter.py): MFU is then
    /// a fraction of the same number as in its reports.
    /// </summary>
    private static readonly (string Part, double Tflops)[] Known =
    [
        ("GB200", 2500), ("B200", 2250), ("H100", 989), ("H800", 989), ("H200", 989), ("A100", 312), ("A800", 312), ("L40S", 362.05),
        ("L40", 181.05), ("A40", 149.7), ("L20", 119.5), ("H20", 148),
    ];

    /// <summary>The name that the driver gives a CUDA device; null on the CPU and where the driver does not say.</summary>
    public static string? Name(torch.Device device)
    {
        if (device.type != DeviceType.CUDA) return null;
        try
        {
            var text = new byte[128];
            return OperatingSystem.IsLinux() && Initialize(0) == 0 && Handle(out var handle, Math.Max(0, device.index)) == 0
                && NameOf(text, text.Length, handle) == 0 ? System.Text.Encoding.ASCII.GetString(text).TrimEnd('\0') : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;   // no driver library under this name: the card stays unnamed
        }
    }

    /// <summary>TFLOP/s of a card of that name; null for one that is not known.</summary>
    public static double? Tflops(string? name)
        // H20 is a part of H200: the longest that fits.
        => name is null ? null
            : Known.Where(card => name.Contains(card.Part, StringComparison.OrdinalIgnoreCase)).OrderByDescending(card => card.Part.Length)
                .Select(card => (double?)card.Tflops).FirstOrDefault();

    [LibraryImport("libcuda.so.1", EntryPoint = "cuInit")]
    private static partial int Initialize(uint flags);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuDeviceGet")]
    private static partial int Handle(out int device, int ordinal);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuDeviceGetName")]
    private static partial int NameOf([Out] byte[] name, int length, int device);
}
