using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.QwenVl.Groups;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl.Groups;

/// <summary>
/// Attention through <see cref="LowerRight"/> equals attention with a mask. CUDA's operator is not here: a formula of the same meaning
/// stands in for it, so what is tested is what goes in and comes out.
/// </summary>
public sealed class LowerRightTests : IDisposable
{
    private const int Heads = 4, Shared = 2, Size = 8;
    private readonly DisposeScope _scope = NewDisposeScope();

    [Theory]
    [InlineData(new[] { 4, 2, 3 }, new[] { 5 })]        // different lengths: padding
    [InlineData(new[] { 3, 3 }, new[] { 2, 2 })]        // none
    [InlineData(new[] { 1, 6 }, new[] { 1, 1 })]        // one token each to predict: nothing of them is read
    public void Values_and_gradients_of_two_groups_are_those_of_the_masked_way(int[] first, int[] second)
    {
        var layout = Layout([(7, first), (3, second)]);
        var calls = 0;
        var masked = Run(layout, null);
        var (mixed, gradients) = Run(layout, (q, k, v) =>
        {
            calls++;
            return Formula(q, k, v);
        });
        calls.Should().Be(2 + layout.Continuations.Count, "both prompts, and the completions of each in one");
        mixed.allclose(masked.Mixed, 1e-5, 1e-6).Should().BeTrue();
        foreach (var (a, b) in gradients.Zip(masked.Gradients)) a.allclose(b, 1e-5, 1e-6).Should().BeTrue();
    }

    [Fact]
    public void What_it_does_not_take_goes_the_masked_way()
    {
        var layout = Layout([(4, [3, 2])]);
        Run(layout, (_, _, _) => null).Mixed.equal(Run(layout, null).Mixed).all().item<bool>().Should().BeTrue();
    }

    [CpuFact("the operator is CUDA's")]
    public void A_CPU_has_none() => FlashAttention.For(CPU, ScalarType.BFloat16).Should().BeNull();

    public void Dispose() => _scope.Dispose();

    /// <summary>Query t of T sees keys up to S − T + t; heads are shared by neighbours.</summary>
    private static Tensor Formula(Tensor q, Tensor k, Tensor v)
    {
        q.shape.Should().Equal(q.shape[0], Heads, q.shape[2], Size);
        k.shape.Should().Equal(q.shape[0], Shared, k.shape[2], Size);
        var (length, seen) = (q.shape[2], k.shape[2]);
        var hidden = ones([length, seen], ScalarType.Bool).triu(seen - length + 1);
        var scores = q.matmul(k.repeat_interleave(Heads / Shared, 1).transpose(2, 3)).Times(1 / Math.Sqrt(Size));
        return scores.Replace(hidden, double.NegativeInfinity).softmax(-1).matmul(v.repeat_interleave(Heads / Shared, 1));
    }

    private static (Tensor Mixed, Tensor[] Gradients) Run(GroupLayout layout, LowerRight? lowerRight)
    {
        using var random = new Generator(5, CPU);
        Tensor Random(int heads) => TestDevice.Randn([layout.Tokens.Length, heads, Size], random).requires_grad_();
        Tensor[] inputs = [Random(Heads), Random(Shared), Random(Shared)];
        using var attention = new GroupAttention(layout, ScalarType.Float32, TestDevice.Value, lowerRight: lowerRight);
        var mixed = attention.Mix(0, inputs[0], inputs[1], inputs[2]);
        (mixed * TestDevice.Randn(mixed.shape, random)).sum().backward();
        return (mixed.detach(), [.. inputs.Select(x => x.grad!)]);
    }

    private static GroupLayout Layout((int Prompt, int[] Completions)[] groups)
    {
        var prompts = groups.Select(g => new EncodedPrompt(VisionExample.Ask("row", "?", null), [.. Enumerable.Range(1, g.Prompt)], [], null)).ToArray();
        using var all = Collator.Prompts(prompts);
        var rows = groups.SelectMany((g, q) => g.Completions.Select(n => (q, (IReadOnlyList<int>)[.. Enumerable.Range(1, n)])));
        using var batch = Collator.Sequences(all, [.. rows]);
        return GroupLayout.Of(batch, new QwenVlConfig { Text = new QwenTextConfig(), Vision = null });
    }
}
