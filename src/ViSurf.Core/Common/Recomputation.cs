using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace ViSurf.Core.Common;

/// <summary>
/// Runs parts of a forward pass, when active without keeping what is inside them; the backward pass runs them once more to find out
/// (activation checkpointing, <see href="https://arxiv.org/abs/1604.06174"/>). Gradients are the same, memory is one part's instead of
/// all parts', and each part costs one forward pass more. Owns what the parts need besides their input, so, when active, it must live
/// until the backward pass has run.
/// </summary>
/// <remarks>
/// A part must be deterministic: dropout would draw again. What a part throws in the backward pass, where the memory runs out as a rule,
/// must not reach libtorch, which called it and would end the process: it is kept, libtorch is made to give up the pass, and
/// <see cref="ThrowFailure"/> throws it once <c>backward()</c> has returned.
/// </remarks>
internal sealed class Recomputation : IDisposable
{
    private readonly List<IDisposable> _kept = [];
    private Tensor? _handedOver;
    private ExceptionDispatchInfo? _failure;
    private bool _disposed;

    /// <param name="active">Whether to recompute; false runs every part as it is.</param>
    /// <exception cref="NotSupportedException">It is active, and the libtorch that runs cannot do that with TorchSharp.</exception>
    public Recomputation(bool active)
    {
        IsActive = active && is_grad_enabled();
        if (IsActive) CustomAutograd.EnsureSupported();
    }

    /// <summary>Whether parts run again in the backward pass: never where there is none.</summary>
    public bool IsActive { get; }

    /// <summary>Takes over something that a part uses besides its input.</summary>
    public T Keep<T>(T resource)
        where T : IDisposable
    {
        if (resource is Tensor tensor) tensor.DetachFromDisposeScope();
        _kept.Add(resource);
        return resource;
    }

    /// <summary>part(x), with gradient for x and for every parameter that the part uses.</summary>
    /// <param name="part">Called once now and once in the backward pass, from whichever thread runs that.</param>
    /// <param name="x">The part's input.</param>
    /// <param name="anchor">A parameter of the part that is trained, or null: then only x can have a gradient. Asked for only when active.</param>
    public Tensor Run(Func<Tensor, Tensor> part, Tensor x, Func<Tensor?> anchor)
        => IsActive && (anchor() ?? (x.requires_grad ? x : null)) is { } trained ? Node.apply(x, trained, new Part(this, part)) : part(x);

    /// <summary>Throws, once, what a part threw first in the backward pass, as it was thrown.</summary>
    public void ThrowFailure() => Interlocked.Exchange(ref _failure, null)?.Throw();

    public void Dispose()
    {
        foreach (var resource in _kept) resource.Dispose();
        _kept.Clear();
        _handedOver?.Dispose();
        _handedOver = null;
        _disposed = true;
    }

    /// <summary>libtorch reads the handle after the call has returned: something has to hold the tensor until then.</summary>
    private Tensor? HandOver(Tensor? gradient)
    {
        _handedOver?.Dispose();
        return _handedOver = gradient;
    }

    /// <summary>
    /// Keeps the first exception, and makes a gradient that fits nothing: libtorch refuses it, and with it the backward pass.
    /// </summary>
    private Tensor Refuse(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
        return HandOver(empty([0, 0], ScalarType.Float32, CPU).DetachFromDisposeScope())!;
    }

    private sealed record Part(Recomputation Owner, Func<Tensor, Tensor> Run);

    private sealed class Node : autograd.SingleTensorFunction<Node>
    {
        private const string Key = "part";

        public override string Name => nameof(Recomputation);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, part) = ((Tensor)vars[0], (Part)vars[2]);
            ctx.save_for_backward([x]);
            ctx.save_data(Key, part);
            // TorchSharp would make zeros for a gradient that is not there, where nothing catches what that throws.
            ctx.set_materialize_grads(false);
            return part.Run(x);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var part = (Part)ctx.get_data(Key);
            try
            {
                return [part.Owner.HandOver(Gradient(ctx, part, grad_output))!, null!, null!];
            }
            catch (Exception e)
            {
                var refused = part.Owner.Refuse(e);
                return [refused, refused, null!];
            }
        }

        /// <summary>Runs the part again: adds to the gradients of its parameters, and returns that of its input.</summary>
        private static Tensor? Gradient(autograd.AutogradContext ctx, Part part, Tensor upstream)
        {
            using var scope = NewDisposeScope();
            using var grad = enable_grad();
            using var _ = upstream;
            if (upstream.IsInvalid) return null;
            if (part.Owner._disposed)
                throw new ObjectDisposedException(
                    nameof(Recomputation),
                    "Expected scores that live until their backward pass, since parts of them are computed again there, "
                        + "got disposed ones.");
            var saved = ctx.get_saved_variables()[0];
            var x = saved.detach().requires_grad_(saved.requires_grad);
            autograd.backward([part.Run(x)], [upstream]);
            return x.grad?.alias().DetachFromDisposeScope();
        }
    }
}
