using static TorchSharp.torch;

namespace ViSurf.Core.Common;

/// <summary>
/// Runs parts of a forward pass, when active without keeping what is inside them; the backward pass runs them once more to find out
/// (activation checkpointing, <see href="https://arxiv.org/abs/1604.06174"/>). Gradients are the same, memory is one part's instead of
/// all parts', and each part costs one forward pass more. Owns what the parts need besides their input, so, when active, it must live
/// until the backward pass has run.
/// </summary>
/// <remarks>A part must be deterministic: dropout would draw again.</remarks>
/// <param name="active">Whether to recompute; false runs every part as it is.</param>
internal sealed class Recomputation(bool active) : IDisposable
{
    private readonly List<IDisposable> _kept = [];
    private Tensor? _handedOver;

    /// <summary>Whether parts run again in the backward pass: never where there is none.</summary>
    public bool IsActive { get; } = active && is_grad_enabled();

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

    public void Dispose()
    {
        foreach (var resource in _kept) resource.Dispose();
        _kept.Clear();
        _handedOver?.Dispose();
        _handedOver = null;
    }

    /// <summary>libtorch reads the handle after the call has returned: something has to hold the tensor until then.</summary>
    private Tensor? HandOver(Tensor? gradient)
    {
        _handedOver?.Dispose();
        return _handedOver = gradient;
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
            return part.Run(x);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = NewDisposeScope();
            using var grad = enable_grad();
            var part = (Part)ctx.get_data(Key);
            var saved = ctx.get_saved_variables()[0];
            var x = saved.detach().requires_grad_(saved.requires_grad);
            // Adds to the gradients of the part's parameters on its way.
            autograd.backward([part.Run(x)], [grad_output]);
            var gradient = x.grad?.alias().DetachFromDisposeScope();
            grad_output.Dispose();
            return [part.Owner.HandOver(gradient)!, null!, null!];
        }
    }
}
