using System.Reflection;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Objectives;
using ViSurf.Core.Objectives.Demonstrations;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Objectives;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

public sealed class RecipesTests
{
    public static TheoryData<string> Names() => [.. Recipes.All.Select(r => r.Name)];

    [Fact]
    public void Every_recipe_is_in_the_list_under_a_name_of_its_own_and_states_its_source()
    {
        var declared = typeof(Recipes).GetProperties(BindingFlags.Public | BindingFlags.Static).Where(p => p.PropertyType == typeof(Recipe)).Select(p => p.GetValue(null));
        Recipes.All.Should().BeEquivalentTo(declared.Cast<Recipe>()).And.NotContainNulls();
        Recipes.All.Select(r => r.Name).Should().OnlyHaveUniqueItems();
        Recipes.All.Should().OnlyContain(r => r.Source.Length > 10);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recipe_trains(string name)
    {
        var policy = TinyText.Policy(1);
        var recipe = Toyed(Recipes.All.Single(r => r.Name == name));
        using var optimizer = new AdamWOptimizer(policy.Module, recipe.Optimizer with { LearningRate = LearningRate.Constant(0.01) });
        var parts = recipe.Parts(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer, LabelFormat.Bare, new FrozenPolicy(TinyText.Policy(2)));
        var trainer = new Trainer(parts, recipe.Options);
        var start = Toy.Weights(policy);
        var updates = Enumerable.Range(0, 3).SelectMany(_ => trainer.Step(recipe.Rollouts ? Toy.Questions : Toy.Labelled).Updates).ToArray();
        updates.Should().OnlyContain(u => u.Skipped == null && double.IsFinite(u.Loss)).And.Contain(u => u.GradientNorm > 0);
        Toy.Weights(policy).Should().NotEqual(start);
    }

    [Theory]
    [InlineData("ViSurf")]
    [InlineData("RL + SFT")]
    [InlineData("CHORD-μ")]
    [InlineData("HPT")]
    public void A_method_with_labels_learns_what_the_policy_never_samples(string name)
    {
        var module = new TinyModule(8);
        using (no_grad()) module.named_parameters().Single(p => p.name == "head.bias").parameter['~'] = tensor(-15f);
        var policy = new ModulePolicy(module);
        using var optimizer = Toy.Optimizer(policy, 0.02);
        var examples = new[] { TinyText.Example("a", "what?", "~~") };
        var recipe = Toyed(Recipes.All.Single(r => r.Name == name));
        var trainer = new Trainer(recipe.Parts(TinyText.Encoder, policy, Toy.Sampler, Toy.Exact, optimizer, LabelFormat.Bare), recipe.Options);
        for (var i = 0; i < 60; i++) trainer.Step(examples);
        new Evaluator(TinyText.Encoder, policy, Toy.Greedy) { MaxNewTokens = 5 }.Run(examples).Single().Completion.Text.Should().Be("~~");
    }

    [Fact]
    public void The_ViSurf_recipe_is_the_ViSurf_preset()
    {
        double[] Run(Func<IPolicy, AdamWOptimizer, TrainerParts> parts)
        {
            var policy = TinyText.Policy(4);
            using var optimizer = Toy.Optimizer(policy);
            var trainer = new Trainer(parts(policy, optimizer), Toy.Options);
            for (var i = 0; i < 3; i++) trainer.Step(Toy.Questions);
            return Toy.Weights(policy);
        }

        Run((policy, optimizer) => Recipes.ViSurf.Parts(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer))
            .Should().Equal(Run((policy, optimizer) => TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer)));
    }

    [Fact]
    public void Every_number_can_be_changed()
    {
        var changed = Recipes.Dapo with { KlCoefficient = 1e-3, Clip = Recipes.Dapo.Clip with { ClipHigh = 0.3 } };
        (changed.Clip.ClipLow, changed.Clip.ClipHigh, changed.KlCoefficient).Should().Be((0.2, 0.3, 1e-3));
        Recipes.Dapo.Clip.ClipHigh.Should().Be(0.28, "the original stays");
        ((ClippedPolicyObjective)Recipes.EasyR1.Loss(Recipes.EasyR1 with { Clip = changed.Clip })).Options.Should().Be(changed.Clip, "the loss is made from the recipe it is given");
    }

    public static TheoryData<string, LossNumbers> Numbers => new()
    {
        { "RL + SFT", new LossNumbers { Supervised = 0.5 } },
        { "HPT", new LossNumbers { Supervised = 0.5 } },
        { "UFT", new LossNumbers { Supervised = 0.5 } },
        { "LUFFY", new LossNumbers { Gamma = 0.3 } },
        { "CHORD-μ", new LossNumbers { Mu = Coefficient.Constant(0.5) } },
        { "CHORD-φ", new LossNumbers { Mu = Coefficient.Constant(0.5) } },
        { "CISPO", new LossNumbers { WeightCap = 0.5 } },
        { "SAPO", new LossNumbers { Temperatures = (2, 3) } },
        { "VESPO", new LossNumbers { Shapes = (new GammaShape(1, 2), new GammaShape(2, 1)) } },
        { "SRFT", new LossNumbers { Srft = new SrftOptions { Supervised = 0.1 } } },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_number_of_a_method_is_read_from_its_recipe(string name, LossNumbers numbers)
    {
        var recipe = Recipes.All.Single(r => r.Name == name);
        using var step = new ObjectiveStep(1,
            [new(0, "cat", -0.5), new(0, "no", 0.25) { Reward = 1 }, new(0, "horse", 1.5, Label: true) { Reward = 1 }], "what is it?") { Old = TinyText.Policy(2) };
        var published = step.Run(recipe.Loss(recipe)).Loss;
        step.Run(recipe.Loss(recipe with { Numbers = recipe.Numbers with { } })).Loss.Should().Be(published);
        Math.Abs(step.Run(recipe.Loss(recipe with { Numbers = numbers })).Loss - published).Should().BeGreaterThan(1e-6);
    }

    [Fact]
    public void Presets_have_the_numbers_of_their_sources()
    {
        // Read in the files that each Source names.
        (Recipes.SegZero.KlCoefficient, Recipes.SegZero.EntropyCoefficient, Recipes.SegZero.Clip.ClipHigh).Should().Be((1e-2, 1e-3, 0.2));
        (Recipes.EasyR1.Clip.ClipLow, Recipes.EasyR1.Clip.ClipHigh, Recipes.EasyR1.Clip.RatioCap, Recipes.EasyR1.KlCoefficient, Recipes.EasyR1.Options.GroupSize).Should().Be((0.2, 0.3, 3, 1e-2, 5));
        (Recipes.Luffy.Numbers.Gamma, Recipes.Luffy.EntropyCoefficient, Recipes.Luffy.Options.GroupSize, Recipes.Luffy.Options.PromptsPerStep).Should().Be((0.1, 1e-3, 7, 128));
        (Recipes.Hpt.Numbers.Supervised, Recipes.Hpt.EntropyCoefficient, Recipes.Hpt.Options.MaxGradientNorm, Recipes.Hpt.Optimizer.LearningRate(0)).Should().Be((1, 1e-3, 1, 5e-6));
        (Recipes.Relift.EntropyCoefficient, Recipes.Relift.Options.MaxGradientNorm, Recipes.Relift.Clip.Aggregation).Should().Be((1e-3, 0.7, LossAggregation.Constant));
        (Recipes.Uft.Numbers.Supervised, Recipes.Uft.KlCoefficient, Recipes.Uft.Options.PromptsPerStep).Should().Be((1e-3, 1e-3, 256));
        (Recipes.Ghpo.Clip.Aggregation, Recipes.Ghpo.KlCoefficient, Recipes.Ghpo.Options.MaxNewTokens, Recipes.Ghpo.Optimizer.WeightDecay).Should().Be((LossAggregation.TokenMean, 0, 2048, 0));
        (Recipes.TrlGrpo.KlCoefficient, Recipes.TrlGrpo.Options.MaxNewTokens, Recipes.TrlGrpo.Optimizer.WeightDecay).Should().Be((0, 512, 0));
        // LUFFY, SRFT, HPT and ReLIFT have advantages without a deviation: 0, 1 and a label of 1 around their mean.
        foreach (var recipe in new[] { Recipes.Luffy, Recipes.Srft, Recipes.Hpt, Recipes.Relift })
            recipe.Estimator([Scored.Group([0, 1], 1)])[0].Should().Equal([-2 / 3.0, 1 / 3.0, 1 / 3.0], (a, b) => Math.Abs(a - b) < 1e-12, recipe.Name);
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        FluentActions.Invoking(() => Recipes.EasyR1.Parts(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer))
            .Should().Throw<ArgumentException>().WithMessage("Expected a reference policy for the KL term of EasyR1*");
        FluentActions.Invoking(() => Recipes.Rloo.Parts(TinyText.Encoder, policy, null, null, optimizer))
            .Should().Throw<ArgumentException>().WithMessage("Expected a sampler for the rollouts of RLOO*");
    }

    /// <summary>The recipe at a size that runs in a moment.</summary>
    private static Recipe Toyed(Recipe recipe) => recipe with
    {
        Options = Toy.Options with { WithEntropy = recipe.Options.WithEntropy, UpdatesPerRollout = recipe.Options.UpdatesPerRollout },
    };
}
