using static TorchSharp.torch;

namespace ViSurf.Core.Common.Aten;

/// <summary>
/// An operator of libtorch that TorchSharp does not bind, called through libtorch's dispatcher: gradients, devices and dtypes are as for
/// any other. A call costs some 2 µs. Make one per operator and keep it. Only for operators whose results are all of one type: libtorch's
/// interface takes types from the front and values from the back. For others there is <see cref="ScriptOperator"/>.
/// </summary>
/// <param name="name">As in native_functions.yaml, without <c>aten::</c>.</param>
/// <param name="overload">What follows the dot in its schema; empty for the default.</param>
/// <param name="symbol">
/// The exported function behind it, <c>at::_ops::NAME_OVERLOAD::call</c> with its mangled signature: a libtorch that has it has an operator
/// of just this schema, which is how <see cref="IsAvailable"/> finds out without calling it.
/// </param>
internal sealed unsafe class AtenOperator(string name, string overload, string symbol)
{
    private readonly byte[] _name = Native("aten::" + name), _overload = Native(overload);
    private readonly Lazy<bool> _available = new(() => AtenLibrary.Instance is not null && TorchSymbols.Address(symbol) != 0);

    /// <summary>Whether the libtorch that runs has the operator and a way to call it.</summary>
    public bool IsAvailable => _available.Value;

    /// <summary>Calls the operator.</summary>
    /// <param name="arguments">All of its schema, in order.</param>
    /// <returns>Its one result, in the caller's dispose scope.</returns>
    /// <exception cref="InvalidOperationException">
    /// libtorch lacks the operator or refuses the arguments; its own words are on the standard error.
    /// </exception>
    public Tensor Call(params ReadOnlySpan<AtenArgument> arguments)
    {
        var stack = stackalloc ulong[Math.Max(1, arguments.Length)];
        Run(arguments, stack);
        return Tensor.UnsafeCreateTensor((nint)stack[0]);
    }

    /// <summary>Calls an operator that returns two tensors.</summary>
    /// <inheritdoc cref="Call"/>
    public (Tensor First, Tensor Second) CallForTwo(params ReadOnlySpan<AtenArgument> arguments)
    {
        var stack = stackalloc ulong[Math.Max(2, arguments.Length)];
        Run(arguments, stack);
        return (Tensor.UnsafeCreateTensor((nint)stack[0]), Tensor.UnsafeCreateTensor((nint)stack[1]));
    }

    /// <summary>Calls an operator that writes into its arguments and returns nothing.</summary>
    /// <inheritdoc cref="Call"/>
    public void CallInPlace(params ReadOnlySpan<AtenArgument> arguments)
    {
        var stack = stackalloc ulong[Math.Max(1, arguments.Length)];
        Run(arguments, stack);
    }

    /// <summary>As torch names it: <c>aten::_fused_adamw_.tensor_lr</c>.</summary>
    public override string ToString() => overload.Length == 0 ? $"aten::{name}" : $"aten::{name}.{overload}";

    private void Run(ReadOnlySpan<AtenArgument> arguments, ulong* stack)
    {
        var library = AtenLibrary.Instance
            ?? throw new InvalidOperationException(
                $"Expected a libtorch that exports its C interface (2.10 or newer, on Linux) for aten::{name}, got another.");
        for (var i = 0; i < arguments.Length; i++) stack[i] = arguments[i].Push(library);
        int failed;
        fixed (byte* called = _name, variant = _overload) failed = library.Call(called, variant, stack);
        foreach (var argument in arguments) argument.KeepAlive();
        if (failed != 0)
        {
            var given = string.Join("; ", arguments.ToArray().Select(a => a.ToString()));
            throw new InvalidOperationException($"libtorch refused aten::{name}({given}). "
                + "Its own message is on the standard error: memory that is at an end, or arguments that do not fit.");
        }
    }

    private static byte[] Native(string text) => [.. System.Text.Encoding.UTF8.GetBytes(text), 0];
}
