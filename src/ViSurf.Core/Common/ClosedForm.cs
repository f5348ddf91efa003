using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ViSurf.Core.Common;

/// <summary>
/// A function whose gradient is written out instead of recorded: it says itself what it keeps, which is less than autograd keeps of the
/// single operations, and makes its gradient in fewer passes.
/// </summary>
/// <remarks>
/// Gradients of parameters are added to their <c>grad</c> on the way, as a recomputed layer adds them: a product that adds to what is
/// there needs no tensor of its own. So parameters must be leaves, and <c>autograd.grad</c> does not see them.
/// </remarks>
internal interface IClosedForm
{
    /// <summary>
    /// The parameters that it computes with now. <see cref="Backward"/> reads them again, so others in their place, or other numbers in
    /// them, are refused.
    /// </summary>
    IEnumerable<Tensor> Weights { get; }

    /// <summary>The function's value, a fresh tensor. No gradient is recorded inside.</summary>
    /// <param name="inputs">What the function is of, parameters apart.</param>
    /// <param name="keep">Gets what <see cref="Backward"/> needs, inputs included; null when there will be none.</param>
    Tensor Forward(Tensor[] inputs, List<Tensor>? keep);

    /// <summary>
    /// The gradients of the inputs, null where none is wanted. What was kept is free from now on, so it may be written over.
    /// </summary>
    /// <param name="gradient">That of the value, contiguous.</param>
    /// <param name="kept">By <see cref="Forward"/>, in its order.</param>
    /// <param name="wanted">Which inputs have a gradient.</param>
    Tensor?[] Backward(Tensor gradient, IReadOnlyList<Tensor> kept, bool[] wanted);
}

/// <summary>
/// Puts an <see cref="IClosedForm"/> into autograd's graph. On the CPU alone, whose backward pass runs on the thread that asks for it.
/// </summary>
/// <remarks>What a form throws in the backward pass arrives as what a <see cref="Recomputation"/> throws does.</remarks>
internal static class ClosedForm
{
    private static readonly AsyncLocal<BackwardPass?> Passes = new();

    /// <summary>That of this thread: a task that began on another has that one's value.</summary>
    private static BackwardPass Current
        => Passes.Value is { } pass && pass.Thread == Environment.CurrentManagedThreadId
            ? pass
            : Passes.Value = new BackwardPass(Environment.CurrentManagedThreadId);

    /// <summary>The function's value; with gradient where grad mode is on and an input or a parameter has one.</summary>
    /// <param name="form">The function.</param>
    /// <param name="trained">A parameter of it that is trained, or null: then only inputs can have a gradient.</param>
    /// <param name="inputs">What it is of.</param>
    public static Tensor Apply(IClosedForm form, Tensor? trained, params Tensor[] inputs)
    {
        using var scope = NewDisposeScope();
        var first = is_grad_enabled() ? trained ?? inputs.FirstOrDefault(input => input.requires_grad) : null;
        if (first is null)
        {
            using var noGrad = no_grad();
            return form.Forward(inputs, null).MoveToOuterDisposeScope();
        }
        // TorchSharp keeps an empty tensor as large as the value beside it; it goes with this scope.
        return Node.apply([.. inputs, first, form]).MoveToOuterDisposeScope();
    }

    /// <summary>Throws, once, what a form threw first in the backward pass of this thread, as it was thrown.</summary>
    public static void ThrowFailure()
    {
        var failure = Current.Failure;
        Current.Failure = null;
        failure?.Throw();
    }

    /// <summary>Forgets what a backward pass of this thread threw that nobody asked for: it is not the next one's.</summary>
    public static void Forget() => Current.Failure = null;

    /// <summary>Adds a · b to the gradient of a matrix, where it trains.</summary>
    public static void AddProduct(Tensor parameter, Tensor a, Tensor b)
    {
        if (!parameter.requires_grad) return;
        using var sum = parameter.grad;
        if (sum is null) parameter.grad = a.mm(b);
        else sum.addmm_(a, b, 1, 1);
    }

    /// <summary>Adds to the gradient of a parameter where it trains; <paramref name="gradient"/> is asked for only then.</summary>
    public static void Add(Tensor? parameter, Func<Tensor> gradient)
    {
        if (parameter is null || !parameter.requires_grad) return;
        using var sum = parameter.grad;
        if (sum is null) parameter.grad = gradient();
        else sum.PlusInPlace(gradient(), 1);
    }

    /// <summary>libtorch reads the handles after the call has returned: something has to hold the tensors until then.</summary>
    private static Tensor?[] HandOver(Tensor?[] gradients)
    {
        foreach (var tensor in Current.HandedOver) tensor?.Dispose();
        // Whatever scope is around the backward pass has them too, so that nothing is left behind by the last one.
        return Current.HandedOver = gradients;
    }

    /// <summary>What is going on on a thread.</summary>
    private sealed class BackwardPass(int thread)
    {
        public int Thread { get; } = thread;

        public Tensor?[] HandedOver { get; set; } = [];

        public ExceptionDispatchInfo? Failure { get; set; }
    }

    private sealed record Call(IClosedForm Form, Tensor[] Weights, bool[] Wanted)
    {
        public bool IsDone { get; set; }
    }

    private sealed class Node : autograd.SingleTensorFunction<Node>
    {
        private const string Key = "call";

        public override string Name => nameof(ClosedForm);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (inputs, form, keep) = (vars[..^2].Cast<Tensor>().ToArray(), (IClosedForm)vars[^1], new List<Tensor>());
            var weights = form.Weights.ToArray();
            // TorchSharp would make zeros for a gradient that is not there, where nothing catches what that throws.
            ctx.set_materialize_grads(false);
            var y = form.Forward(inputs, keep);
            // With the weights: autograd counts what is written into a saved tensor.
            ctx.save_for_backward([.. keep, .. weights]);
            ctx.save_data(Key, new Call(form, weights, [.. inputs.Select(input => input.requires_grad)]));
            return y;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var call = (Call)ctx.get_data(Key);
            try
            {
                return [.. HandOver(Gradients(ctx, call, grad_output)).Select(g => g!), null!, null!];
            }
            catch (Exception e)
            {
                // An exception must not reach libtorch, which called this: a gradient that fits nothing makes it give up the pass.
                Current.Failure ??= ExceptionDispatchInfo.Capture(e);
                var refused = HandOver([empty([0, 0], ScalarType.Float32, CPU)])[0]!;
                return [.. Enumerable.Repeat(refused, call.Wanted.Length + 1), null!];
            }
        }

        private static Tensor?[] Gradients(autograd.AutogradContext ctx, Call call, Tensor upstream)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            using var _ = upstream;
            if (upstream.IsInvalid) return new Tensor?[call.Wanted.Length];
            if (call.IsDone)
                throw new InvalidOperationException(
                    "Expected one backward pass over these scores, got a second one. Score again for each: what the first needed is gone.");
            call.IsDone = true;
            var kept = Kept(ctx, call);
            // The graph lives until the loss is gone, but nothing in it is needed twice: memory falls as the backward pass goes.
            ctx.Dispose();
            var gradients = call.Form.Backward(upstream.contiguous(), kept, call.Wanted);
            foreach (var gradient in gradients) gradient?.MoveToOuterDisposeScope();
            return gradients;
        }

        /// <summary>What the form has kept, if the weights are still those that it was computed with.</summary>
        private static List<Tensor> Kept(autograd.AutogradContext ctx, Call call)
        {
            const string Expected = "Expected the weights that these scores were made with, got others: an update, a merge, an adapter turned on "
                + "or off, or weights loaded in place came between the scores and their backward pass. Run the backward pass before that, or score again.";
            if (!call.Form.Weights.SequenceEqual(call.Weights, ReferenceEqualityComparer.Instance))
                throw new InvalidOperationException(Expected);
            try
            {
                var saved = ctx.get_saved_variables();
                return saved.GetRange(0, saved.Count - call.Weights.Length);
            }
            catch (ExternalException e)
            {
                throw new InvalidOperationException(Expected, e);
            }
        }
    }
}
