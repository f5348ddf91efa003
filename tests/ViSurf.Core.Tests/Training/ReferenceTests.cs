using FluentAssertions;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>KL terms against something that is not the policy, in the reward or in the loss, with coefficients that move.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void A_KL_in_the_reward_is_a_component_of_every_rollout_and_of_no_label()
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var (policy, reference) = (Toy.DoublePolicy(1), Toy.DoublePolicy(2));
        using var optimizer = Toy.GradientProbe(policy);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
        {
            RewardKl = new RewardKl(reference, Coefficient.Constant(0.25)),
        };
        var report = new Trainer(parts, Toy.Options with { MicroBatchRows = 4, MaxGradientNorm = 1e-30 }).Step(Toy.Questions);

        foreach (var group in report.Groups.Select(g => g.Scored))
        {
            for (var i = 0; i < group.Scores.Count; i++)
            {
                var component = group.Scores[i].Find(RewardKl.ComponentName)!;
                if (group.IsDemonstration(i))
                {
                    component.Value.Should().BeNull("it was not drawn from the policy");
                    continue;
                }
                // −Σ_t (log π − log π_ref), each sequence scored by itself.
                var completion = group.Group.Completions[i];
                var prompt = string.Concat(group.Group.Example.Turns[0].Parts.Select(p => p.Text));
                component.Value.Should().BeApproximately(LogProb(reference, prompt, completion.TokenIds) - LogProb(policy, prompt, completion.TokenIds), 1e-6);
                group.Scores[i].Total.Should().BeApproximately(group.Scores[i].Find("small_letters")!.Value!.Value + 0.25 * component.Value!.Value, 1e-12);
            }
        }
        report.Rewards.Components.Single(c => c.Name == RewardKl.ComponentName).Rollouts.Should().NotBe(0);
    }

    [Fact]
    public void An_adaptive_coefficient_hears_of_every_step()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        // A reference far away: far above the target, so that each step of 6 + 6 + 6 + 6 rollouts and 3 labels raises β by 20 % · 27/100.
        var beta = new AdaptiveCoefficient(0.01, target: 1e-3, horizon: 100);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
        {
            Objective = new KlPenalty(new ViSurfObjective(), _ => beta.Value),
            Reference = new FrozenPolicy(TinyText.Policy(2)),
            SkipNeutralGroups = false,
            AfterStep = [beta.Adapt()],
        };
        var trainer = new Trainer(parts, Toy.Options);
        trainer.Step(Toy.Questions);
        beta.Value.Should().BeApproximately(0.01 * 1.054, 1e-12);
        trainer.Step(Toy.Questions);
        beta.Value.Should().BeApproximately(0.01 * 1.054 * 1.054, 1e-12);
    }

    [Fact]
    public void An_adaptive_coefficient_of_a_KL_in_the_reward_counts_rollouts_only()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var beta = new AdaptiveCoefficient(0.01, target: 1e-6, horizon: 100);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
        {
            RewardKl = new RewardKl(TinyText.Policy(2), _ => beta.Value, KlEstimators.K3),
            AfterStep = [beta.Adapt()],
        };
        new Trainer(parts, Toy.Options).Step(Toy.Questions);
        // 4 groups of 6 rollouts; the three labels have no KL. k3 is positive and far above the target: 20 % · 24/100.
        beta.Value.Should().BeApproximately(0.01 * 1.048, 1e-12);
    }

    [Fact]
    public void A_moving_reference_follows_every_so_many_steps()
    {
        var (policy, average) = (TinyText.Policy(1), TinyText.Policy(1));
        using var optimizer = Toy.Optimizer(policy, 0.02);
        var reference = new MovingAveragePolicy(average, policy);
        var parts = TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
        {
            Objective = new KlPenalty(new ClippedPolicyObjective(), 0.1),
            Reference = reference,
            SkipNeutralGroups = false,
            AfterStep = [reference.Follow(rate: 1, every: 2)],
        };
        var trainer = new Trainer(parts, Toy.Options);
        var start = Toy.Weights(average);
        trainer.Step(Toy.Questions).Updates[0].Metrics["kl"].Should().BeApproximately(0, 1e-6, "both are one policy still");
        Toy.Weights(average).Should().Equal(start);
        trainer.Step(Toy.Questions).Updates[0].Metrics["kl"].Should().BeGreaterThan(1e-5);
        Toy.Weights(average).Should().Equal(Toy.Weights(policy));
        trainer.Step(Toy.Questions).Updates[0].Metrics["kl"].Should().BeApproximately(0, 1e-6);
    }

    private static double LogProb(IPolicy policy, string prompt, IReadOnlyList<int> tokens)
    {
        using var prompts = TinyText.Prompts(prompt);
        using var sequences = Collator.Sequences(prompts, [(0, tokens)]);
        using var scores = new FrozenPolicy(policy).Score(sequences);
        return scores.LogProbs.sum().item<double>();
    }
}
