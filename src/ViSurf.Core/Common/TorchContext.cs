namespace ViSurf.Core.Common;

/// <summary>
/// libtorch's process-wide switches that TorchSharp does not bind, called by their exported names: libtorch 2.10 has them on Linux and
/// macOS. Where one is not there, nothing happens and the answer is false.
/// </summary>
internal static unsafe class TorchContext
{
    // Asked for every token.
    private static readonly Lazy<(nint Context, nint Get)> Deterministic
        = new(() => (Context(), Address("_ZNK2at7Context23deterministicAlgorithmsEv")));

    /// <summary>Whether attention may go to cuDNN. On a CPU it means nothing.</summary>
    public static bool UseCuDnnAttention(bool on) => Set("_ZN2at7Context14setSDPUseCuDNNEb", on);

    /// <summary>What <see cref="UseCuDnnAttention"/> was told last; null where it cannot be asked.</summary>
    public static bool? UsesCuDnnAttention => Get(Context(), Address("_ZNK2at7Context19userEnabledCuDNNSDPEv"));

    /// <summary>Whether operators take algorithms whose result is the same bits each time, and refuse where there is none.</summary>
    public static bool UseDeterministicAlgorithms(bool on)
    {
        if (Context() is not (not 0 and var context)) return false;
        if (Address("_ZN2at7Context26setDeterministicAlgorithmsEbb") is not (not 0 and var set)) return false;
        ((delegate* unmanaged[Cdecl]<nint, int, int, void>)set)(context, on ? 1 : 0, 0);
        Set("_ZN2at7Context21setDeterministicCuDNNEb", on);
        // It would fill what is about to be written with NaN, to find those who read it before.
        Set("_ZN2at7Context39setDeterministicFillUninitializedMemoryEb", false);
        return true;
    }

    /// <summary>Whether deterministic algorithms are on; null where it cannot be asked.</summary>
    public static bool? UsesDeterministicAlgorithms => Get(Deterministic.Value.Context, Deterministic.Value.Get);

    /// <summary>
    /// Until it is disposed, operators need no deterministic algorithm: around those that libtorch refuses although they add in a fixed
    /// order in the shape at hand. Does nothing where they need none anyway.
    /// </summary>
    public static Relaxation Relaxed() => new(UsesDeterministicAlgorithms == true);

    private static bool Set(string name, bool on)
    {
        if (Context() is not (not 0 and var context) || Address(name) is not (not 0 and var set)) return false;
        ((delegate* unmanaged[Cdecl]<nint, int, void>)set)(context, on ? 1 : 0);
        return true;
    }

    private static bool? Get(nint context, nint get)
        => context == 0 || get == 0 ? null : ((delegate* unmanaged[Cdecl]<nint, byte>)get)(context) != 0;

    private static nint Context()
        => Address("_ZN2at13globalContextEv") is not 0 and var get ? ((delegate* unmanaged[Cdecl]<nint>)get)() : 0;

    private static nint Address(string name) => TorchSymbols.Address(name);

    /// <summary>Turns deterministic algorithms on again when it is disposed.</summary>
    public readonly ref struct Relaxation
    {
        private readonly bool _was;

        public Relaxation(bool was)
        {
            _was = was;
            if (was) UseDeterministicAlgorithms(false);
        }

        public void Dispose()
        {
            if (_was) UseDeterministicAlgorithms(true);
        }
    }
}
