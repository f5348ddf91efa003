using static TorchSharp.torch;

namespace ViSurf.Core.Common.Aten;

/// <summary>
/// Another way to an operator of libtorch that TorchSharp does not bind: a line of TorchScript. It takes any results, where
/// <see cref="AtenOperator"/> needs them of one kind, and says what libtorch says when it fails; a call costs some 16 µs instead of 2, so
/// it is for few and large ones. Gradients, devices and dtypes are as for any other. Make one per operator and keep it.
/// </summary>
/// <param name="name">Of the function in <paramref name="source"/>.</param>
/// <param name="source">
/// A TorchScript function of tensors that returns a tensor, ending in a newline. Numbers are written into it: TorchSharp lets go of scalars
/// before a script has read them.
/// </param>
/// <param name="symbol">
/// As in <see cref="AtenOperator"/>: a script that names an operator libtorch does not have would end the process.
/// </param>
internal sealed class ScriptOperator(string name, string source, string symbol)
{
    private readonly Lazy<jit.CompilationUnit> _unit = new(() => jit.compile(source));

    /// <summary>Whether the libtorch that runs has the operator.</summary>
    public bool IsAvailable { get; } = TorchSymbols.Address(symbol) != 0;

    /// <summary>Calls the function.</summary>
    /// <param name="arguments">Its tensors, in order.</param>
    /// <returns>In the caller's dispose scope.</returns>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">
    /// libtorch refuses the arguments, or its memory is at an end: its own words.
    /// </exception>
    /// <exception cref="InvalidOperationException">This libtorch lacks the operator.</exception>
    public Tensor Call(params Tensor[] arguments)
        => IsAvailable
            ? _unit.Value.invoke<Tensor>(name, [.. arguments])
            : throw new InvalidOperationException($"Expected a libtorch that has {symbol}, got another.");
}
