using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

/// <summary>What is used after its end says its name, not libtorch's "empty handle".</summary>
public sealed class DisposalTests
{
    [Fact]
    public void A_policy_says_so_in_every_member()
    {
        using var golden = new GoldenCase("qwen2_5_vl_tied", 0);
        var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_tied"), TestDevice.Value);
        policy.Dispose();
        policy.Dispose();
        foreach (var use in new Action[]
        {
            () => policy.Score(golden.Sequence), () => policy.Decode(golden.Prompts, 1, 1), () => policy.Weights(), ()
                => policy.Save("nowhere"), () => _ = policy.Module,
            () => policy.LoadWeights(Fixtures.PathOf("qwen2_5_vl_tied")), () => policy.Vision(golden.Prompts.Pixels!, []), ()
                => LoraAdapter.Attach(policy, new() { TargetModules = ModuleSelection.AllLinear }),
            () => _ = new AdamWOptimizer(policy.Module), () => new FrozenPolicy(policy).Score(golden.Sequence), ()
                => QwenVlMemory.Of(policy),
        })
            Refused(use, nameof(QwenVlPolicy));
    }

    [Fact]
    public void A_session_says_so_of_either_kind_of_policy()
    {
        using var golden = new GoldenCase("qwen2_5_vl_tied", 0);
        using var qwen = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_tied"), TestDevice.Value);
        using var prompts = TinyText.Prompts("a");
        foreach (var (policy, batch, name) in new (IPolicy, PromptBatch, string)[] { (qwen, golden.Prompts, "QwenVlDecodeSession"),
            (TinyText.Policy(1), prompts, "ModuleDecodeSession") })
        {
            var session = policy.Decode(batch, 1, 2);
            session.Dispose();
            session.Dispose();
            foreach (var use in new Action[] { () => session.Next(null), () => session.Keep([0]), () => session.Admit(batch) })
                Refused(use, name);
        }
    }

    [Fact]
    public void Scores_prompts_and_batches_say_so()
    {
        using var golden = new GoldenCase("qwen2_5_vl_tied", 0);
        using var qwen = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_tied"), TestDevice.Value);
        var policy = TinyText.Policy(1);
        var prompts = TinyText.Prompts("ab");
        var sequences = Collator.Sequences(prompts, [(0, [1, 2])]);
        var scores = policy.Score(sequences);
        scores.Dispose();
        scores.Dispose();
        Refused(() => _ = scores.LogProbs, nameof(TokenScores));
        Refused(() => _ = scores.Entropy, nameof(TokenScores));
        sequences.Dispose();
        Refused(() => policy.Score(sequences), nameof(SequenceBatch));
        prompts.Dispose();
        Refused(() => policy.Decode(prompts, 1, 1), nameof(PromptBatch));
        golden.Prompt.Dispose();
        Refused(() => Collator.Prompts([golden.Prompt]), nameof(EncodedPrompt));
    }

    [Fact]
    public void Losses_and_what_they_are_made_of_say_so()
    {
        var batch = new UpdateBatch
        {
            Advantages = ones(1, 1), CompletionMask = ones(1, 2, dtype: ScalarType.Bool),
            IsDemonstration = zeros(1, 1, dtype: ScalarType.Bool),
            SequenceWeights = ones(1, 1), Scale = new LossScale(2, 0, 1, 0, 2),
        };
        var loss = ObjectiveResult.Of(ones([]), ("one", ones([])));
        foreach (var part in new IDisposable[] { batch, loss, batch, loss }) part.Dispose();
        foreach (var use in new Action[] { () => _ = batch.Advantages, () => _ = batch.CompletionMask, () => _ = batch.Rewards,
            () => batch.LabelTokens() }) Refused(use, nameof(UpdateBatch));
        Refused(() => _ = loss.Loss, nameof(ObjectiveResult));
        Refused(() => _ = loss.Metrics, nameof(ObjectiveResult));
    }

    [Fact]
    public void A_disposed_optimizer_does_not_step()
    {
        var policy = TinyText.Policy(1);
        var optimizer = Toy.Optimizer(policy);
        var trainer = new Trainer(TrainerParts.Sft(TinyText.Encoder, policy, optimizer), Toy.Options);
        var before = Toy.Weights(policy);
        optimizer.Dispose();
        foreach (var use in new Action[]
        {
            () => optimizer.Step(), () => optimizer.GradientNorm(), optimizer.ZeroGradients, () => optimizer.Save(Stream.Null), ()
                => optimizer.AsPart().Save(), () => trainer.Step(Toy.Labelled),
        })
            Refused(use, nameof(AdamWOptimizer));
        Toy.Weights(policy).Should().Equal(before);
        trainer.StepsTaken.Should().Be(0);
    }

    [Fact]
    public void An_optimizer_whose_adapter_or_policy_has_gone_says_which_parameter()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_tied"), TestDevice.Value);
        var adapter = LoraAdapter.Attach(policy, new LoraConfig { TargetModules = ModuleSelection.Named("q_proj") });
        using var optimizer = new AdamWOptimizer(policy.Module);
        adapter.Dispose();
        FluentActions.Invoking(() => optimizer.Step()).Should().Throw<ObjectDisposedException>()
            .WithMessage("*q_proj.lora_A.weight*adapter*");
        Refused(() => adapter.Reference.Score(null!), nameof(LoraAdapter));
        Refused(() => adapter.Save("nowhere"), nameof(LoraAdapter));
        Refused(() => _ = adapter.Parameters, nameof(LoraAdapter));
    }

    [Fact]
    public void A_step_inside_a_step_is_refused_and_the_trainer_goes_on_afterwards()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        Trainer? trainer = null;
        var again = true;
        var rewards = Toy.Suite("greedy", (_, _) => again ? trainer!.Step(Toy.Labelled).Step : 0);
        trainer = new Trainer(TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, rewards, optimizer), Toy.Options);
        FluentActions.Invoking(() => trainer.Step(Toy.Labelled)).Should().Throw<Exception>()
            .Where(e => e.Message.Contains("one step at a time") || e.InnerException!.Message.Contains("one step at a time"));
        again = false;
        trainer.Step(Toy.Labelled).Step.Should().Be(0);
    }

    private static void Refused(Action use, string name)
        => FluentActions.Invoking(use).Should().Throw<ObjectDisposedException>().Which.ObjectName.Should().EndWith(name);
}
