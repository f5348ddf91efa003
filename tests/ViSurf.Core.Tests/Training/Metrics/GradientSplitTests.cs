using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training.Metrics;

/// <summary>The gradient of labels and the gradient of rollouts, against autograd on each completion alone.</summary>
public sealed class GradientSplitTests
{
    private const double Bonus = 0.1;

    [Fact]
    public void Both_norms_and_their_angle_are_those_of_autograd_done_separately()
    {
        var policy = Toy.DoublePolicy(3);
        using var optimizer = Toy.Optimizer(policy);
        var report = Make(policy, optimizer, Toy.Options with { WithEntropy = true, MeasureGradientsEvery = 1, MicroBatchRows = 3 }).Step(Toy.Questions);
        var metrics = ScriptedStep.Metrics(report);

        var label = Gradient(report, CompletionSource.Demonstration);
        var rollouts = Gradient(report, CompletionSource.Policy);
        var (a, b) = (Norm(label), Norm(rollouts));
        a.Should().BeGreaterThan(1e-3);
        b.Should().BeGreaterThan(1e-3);
        // Advantages and weights reach the objective as float32.
        metrics["gt/grad_norm"].Should().BeApproximately(a, 1e-6 * a);
        metrics["rollouts/grad_norm"].Should().BeApproximately(b, 1e-6 * b);
        metrics["gt/grad_share"].Should().BeApproximately(a / (a + b), 1e-6);
        (metrics["gt/grad_share"] + metrics["rollouts/grad_share"]).Should().BeApproximately(1, 1e-12);
        metrics["gt/grad_cosine"].Should().BeApproximately(label.Zip(rollouts, (x, y) => x * y).Sum() / (a * b), 1e-6);
        report.Updates[0].GradientNorm.Should().BeApproximately(Norm([.. label.Zip(rollouts, (x, y) => x + y)]), 1e-6 * (a + b), "the parts add up to the update's gradient");
    }

    [Fact]
    public void Measuring_changes_nothing_and_happens_when_it_is_due()
    {
        var (plain, none) = Run(0);
        var (measured, every) = Run(2);
        measured.Should().Equal(plain, "bit for bit");
        none.Should().Equal(false, false, false);
        every.Should().Equal(true, false, true);

        static (double[] Weights, bool[] Measured) Run(int every)
        {
            var policy = TinyText.Policy(3);
            using var optimizer = Toy.Optimizer(policy);
            var trainer = Make(policy, optimizer, Toy.Options with { WithEntropy = true, MeasureGradientsEvery = every, UpdatesPerRollout = 2 });
            var measured = Enumerable.Range(0, 3).Select(_ => trainer.Step(Toy.Questions))
                .Select(r => r.Updates[0].Metrics.ContainsKey("label_gradient_norm") && !r.Updates[1].Metrics.ContainsKey("label_gradient_norm")).ToArray();
            return (Toy.Weights(policy), measured);
        }
    }

    [Fact]
    public void Supervised_steps_have_a_label_share_of_one()
    {
        var policy = TinyText.Policy(3);
        using var optimizer = Toy.Optimizer(policy);
        var metrics = ScriptedStep.Metrics(new Trainer(TrainerParts.Sft(TinyText.Encoder, policy, optimizer), Toy.Options with { MeasureGradientsEvery = 1 }).Step(Toy.Labelled));
        metrics["gt/grad_share"].Should().Be(1);
        metrics["gt/grad_norm"].Should().BeApproximately(metrics["grad_norm"], 1e-5 * metrics["grad_norm"]);
        metrics.Should().NotContainKey("gt/grad_cosine", "there is no second part");
    }

    private static Trainer Make(IPolicy policy, AdamWOptimizer optimizer, TrainerOptions options)
        => new(TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
        {
            Objective = new EntropyBonus(new ViSurfObjective(), Bonus), SkipNeutralGroups = false,
        }, options);

    /// <summary>∇ Σ_i w_i · mean_t (−Â_i log π(i_t) − bonus · H_t) over the completions of one source, w_i = 1 / (prompts × size of the group).</summary>
    private static double[] Gradient(StepReport report, CompletionSource source)
    {
        using var scope = NewDisposeScope();
        var module = (TinyModule)Toy.DoublePolicy(3).Module;
        foreach (var group in report.Groups)
        {
            var completions = group.Controlled.Group.Completions;
            for (var i = 0; i < completions.Count; i++)
            {
                if (completions[i].Source != source) continue;
                using var prompt = TinyText.Encoder.Encode(group.Controlled.Group.Example);
                long[] ids = [.. prompt.TokenIds.Concat(completions[i].TokenIds).Select(id => (long)id)];
                var (start, count) = (prompt.TokenIds.Count - 1, completions[i].TokenIds.Count);
                var logits = module.call(tensor(ids).unsqueeze(0), ones(1, ids.Length, dtype: ScalarType.Bool)).log_softmax(-1)[0].narrow(0, start, count);
                var chosen = logits.gather(1, tensor(ids).narrow(0, start + 1, count).unsqueeze(1)).mean();
                var entropy = (logits.exp() * logits).sum(-1).neg().mean();
                var weight = 1.0 / (report.Groups.Count * completions.Count);
                (chosen.Times(-group.Advantages[i]) - entropy.Times(Bonus)).Times(weight).backward();
            }
        }
        return [.. module.parameters().SelectMany(p => p.grad!.data<double>().ToArray())];
    }

    private static double Norm(double[] values) => Math.Sqrt(values.Sum(v => v * v));
}
