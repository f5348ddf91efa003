using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using ViSurf.Core.Common;
using ViSurf.Core.Common.Aten;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks.Launches;

/// <summary>
/// Kernels of the meta device for operators that have theirs in Python only, so that passes run there too: each asks the CPU's kernel, with
/// zeros of the same shapes, for the shapes of its results. They are made known to libtorch's dispatcher through its C interface, once a
/// process. What is wrong with a call cannot be thrown from a kernel: it stands in <see cref="Problems"/>.
/// </summary>
internal static unsafe class MetaKernels
{
    /// <summary>
    /// Operators; what each argument is (T a tensor, O an optional one, R one that takes the result, another letter anything else); how
    /// many tensors they return.
    /// </summary>
    private static readonly MetaKernel[] Kernels =
    [
        new("index_select", "", "TiT", 1),
        new("roll", "", "Tll", 1),
        new("dot", "", "TT", 1),
        new("max", "", "T", 1),
        new("abs", "out", "TR", 1),
        new("logical_not", "out", "TR", 1),
        new("logical_and", "out", "TTR", 1),
        new("logical_or", "out", "TTR", 1),
        new("where", "self", "TTT", 1),
        new("where", "self_out", "TTTR", 1),
        new("native_layer_norm", "", "TlOOd", 3),
        new("native_layer_norm_backward", "", "TTlTTOOl", 3),
    ];

    private static readonly Lazy<bool> Registered = new(RegisterAll);
    private static readonly ConcurrentQueue<string> Found = new();

    /// <summary>Calls with operands on two devices, or that the CPU refuses: of any thread since <see cref="Register"/>.</summary>
    public static IEnumerable<string> Problems => Found;

    /// <summary>Makes the kernels known; once is enough.</summary>
    public static void Register() => _ = Registered.Value;

    internal static void Report(string problem) => Found.Enqueue(problem);

    private static bool RegisterAll()
    {
        var open = (delegate* unmanaged[Cdecl]<byte*, byte*, byte*, uint, nint*, int>)TorchSymbols.Address("aoti_torch_library_init_impl");
        var implement = (delegate* unmanaged[Cdecl]<nint, byte*, nint, int>)TorchSymbols.Address("aoti_torch_library_impl");
        nint library;
        fixed (byte* space = "aten\0"u8, key = "Meta\0"u8, file = "MetaKernels.cs\0"u8) Check(open(space, key, file, 0, &library));
        foreach (var kernel in Kernels)
            fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(kernel.FullName + "\0")) Check(implement(library, name, kernel.Entry));
        return true;
    }

    private static void Check(int error)
    {
        if (error != 0) throw new InvalidOperationException("libtorch refused a kernel of the meta device; its own message is on the standard error.");
    }
}

/// <summary>One operator of <see cref="MetaKernels"/>.</summary>
internal sealed unsafe class MetaKernel
{
    private readonly string _name, _overload, _arguments;
    private readonly int _results;
    private readonly Boxed _boxed;   // native code calls it for the life of the process

    public MetaKernel(string name, string overload, string arguments, int results)
    {
        (_name, _overload, _arguments, _results) = (name, overload, arguments, results);
        _boxed = Run;
        Entry = Marshal.GetFunctionPointerForDelegate(_boxed);
    }

    /// <summary>(stack of arguments, then of results; their numbers). Arguments are handed over, and so are results.</summary>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void Boxed(ulong* stack, ulong arguments, ulong results);

    public string FullName => _overload.Length == 0 ? _name : $"{_name}.{_overload}";

    public nint Entry { get; }

    private void Run(ulong* stack, ulong arguments, ulong results)
    {
        using var scope = NewDisposeScope();
        var devices = new HashSet<string>();
        Tensor? receiver = null;
        try
        {
            for (var i = 0; i < _arguments.Length; i++)
            {
                if (_arguments[i] == 'T') stack[i] = OnCpu(stack[i], devices);
                else if (_arguments[i] == 'R') stack[i] = Stand(receiver = Tensor.UnsafeCreateTensor((nint)stack[i]), devices);
                // An optional tensor is a pointer to a handle.
                else if (_arguments[i] == 'O' && stack[i] != 0) *(ulong*)stack[i] = OnCpu(*(ulong*)stack[i], devices);
            }
            if (devices.Count > 1) MetaKernels.Report($"{_name} of tensors on {string.Join(" and ", devices)}");
            fixed (byte* name = System.Text.Encoding.UTF8.GetBytes($"aten::{_name}\0"), overload = System.Text.Encoding.UTF8.GetBytes(_overload + "\0"))
                if (AtenLibrary.Instance!.Call(name, overload, stack) != 0) throw new InvalidOperationException($"The CPU refused aten::{_name}.");
            for (var i = 0; i < _results; i++) stack[i] = OnMeta(stack[i], receiver);
        }
        catch (Exception e)
        {
            MetaKernels.Report($"{_name}: {e.Message}");
            for (var i = 0; i < _results; i++) stack[i] = Handle(empty([0], ScalarType.Float32, META));
        }
    }

    private static ulong OnCpu(ulong handle, HashSet<string> devices)
    {
        using var given = Tensor.UnsafeCreateTensor((nint)handle);
        return Stand(given, devices);
    }

    private static ulong Stand(Tensor given, HashSet<string> devices)
    {
        devices.Add(given.device.ToString());
        return Handle(zeros(given.shape, given.dtype, CPU));
    }

    private static ulong OnMeta(ulong handle, Tensor? receiver)
    {
        if (handle == 0) return 0;
        using var result = Tensor.UnsafeCreateTensor((nint)handle);
        return Handle(receiver is null ? empty(result.shape, result.dtype, META) : receiver.set_(empty(result.shape, receiver.dtype, META)));
    }

    private static ulong Handle(Tensor tensor)
    {
        var handle = (ulong)tensor.Handle;
        tensor.DecoupleFromNativeHandle();
        return handle;
    }
}
