using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ViSurf.Core.Common;

namespace ViSurf.Core.Benchmarks.Launches;

/// <summary>
/// Counts the operators that libtorch dispatches on this thread, backward passes on the CPU and on the meta device included, as its own
/// profilers do: through RecordFunction callbacks (ATen/record_function.h of libtorch 2.10, Linux). Count one thing at a time, on one
/// thread.
/// </summary>
internal sealed unsafe class OperatorCounter : IDisposable
{
    /// <summary>at::RecordScope::NUM_SCOPES.</summary>
    private const int Scopes = 10;

    [ThreadStatic]
    private static OperatorCounter? _current;
    private static readonly delegate* unmanaged[Cdecl]<Callback, ulong> Add
        = (delegate* unmanaged[Cdecl]<Callback, ulong>)Symbol("_ZN2at22addThreadLocalCallbackENS_22RecordFunctionCallbackE");
    private static readonly delegate* unmanaged[Cdecl]<ulong, void> Remove
        = (delegate* unmanaged[Cdecl]<ulong, void>)Symbol("_ZN2at14removeCallbackEm");
    private static readonly delegate* unmanaged[Cdecl]<nint, byte*> Name
        = (delegate* unmanaged[Cdecl]<nint, byte*>)Symbol("_ZNK2at14RecordFunction4nameEv");

    private readonly Stack<Frame> _open = new();
    private readonly Dictionary<string, int> _launches = [];
    private readonly Dictionary<nint, string> _names = [];
    private readonly ulong _handle;

    /// <summary>Starts counting.</summary>
    public OperatorCounter()
    {
        if (_current is not null) throw new InvalidOperationException("Expected one counter at a time on a thread, got a second.");
        var callback = new Callback
        {
            Start = (nint)(delegate* unmanaged[Cdecl]<nint*, nint, nint*>)&Started,
            End = (nint)(delegate* unmanaged[Cdecl]<nint, nint, void>)&Ended,
            Probability = 1,
        };
        // RecordScope::FUNCTION: operators. Nodes of autograd are another scope, and call operators.
        callback.InScopes[0] = 1;
        _handle = Add(callback);
        _current = this;
    }

    /// <summary>Kernel launches as on CUDA, by operator; see <see cref="LaunchTable"/>.</summary>
    public IReadOnlyDictionary<string, int> Launches => _launches;

    /// <summary>Kernel launches as on CUDA, all together.</summary>
    public int Total => _launches.Values.Sum();

    /// <summary>
    /// Operators that make the host wait for the device: a value read, or a size that depends on values. What is read out of a CPU tensor's
    /// memory without an operator (<c>data</c>, <c>item</c>) is not seen; on the meta device it throws.
    /// </summary>
    public int Waits { get; private set; }

    /// <summary>Most frequent first: <c>28 aten::addmm, …</c>.</summary>
    public override string ToString()
        => string.Join(", ", _launches.OrderByDescending(l => l.Value).ThenBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Value} {l.Key}"));

    /// <summary>Stops counting; what was counted stays readable.</summary>
    public void Dispose()
    {
        if (_current != this) return;
        Remove(_handle);
        _current = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint* Started(nint* context, nint function)
    {
        *context = 0;
        _current?._open.Push(new Frame(_current.NameOf((nint)Name(function))));
        return context;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ended(nint function, nint context)
    {
        if (_current is { _open.Count: > 0 } counter) counter.Close();
    }

    private static nint Symbol(string name)
        => TorchSymbols.Address(name) is not 0 and var address ? address : throw new NotSupportedException($"Expected libtorch 2.10 on Linux, which exports {name}, got another.");

    /// <summary>Names of operators live as long as libtorch does.</summary>
    private string NameOf(nint text) => _names.TryGetValue(text, out var name) ? name : _names[text] = Marshal.PtrToStringUTF8(text) ?? "";

    private void Close()
    {
        var frame = _open.Pop();
        var own = LaunchTable.Of(frame.Name, frame.Inside > 0);
        // What the CPU does inside an operator that is one kernel on CUDA is not what CUDA does.
        var inWhole = _open.Any(outer => LaunchTable.IsWhole(outer.Name));
        if (LaunchTable.Waits(frame.Name) && !inWhole) Waits++;
        if (own > 0 && !inWhole)
            _launches[frame.Name] = _launches.GetValueOrDefault(frame.Name) + own;
        if (_open.TryPeek(out var parent)) parent.Inside += own + frame.Inside;
    }

    private sealed class Frame(string name)
    {
        public string Name { get; } = name;

        /// <summary>Launches of operators inside this one.</summary>
        public int Inside { get; set; }
    }

    /// <summary>at::RecordFunctionCallback.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Callback
    {
        public nint Start, End;
        public double Probability;
        public fixed byte InScopes[Scopes];
        public byte NeedsInputs, NeedsOutputs, NeedsIds;
    }
}
