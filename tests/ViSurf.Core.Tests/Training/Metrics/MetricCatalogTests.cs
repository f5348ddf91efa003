using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Metrics;
using Xunit;

namespace ViSurf.Core.Tests.Training.Metrics;

/// <summary>The catalog is complete, in order, and the documentation's table is the catalog.</summary>
public sealed class MetricCatalogTests
{
    [Fact]
    public void Every_metric_of_every_kind_of_step_is_in_the_catalog_and_in_its_order()
    {
        var seen = new HashSet<string>();
        foreach (var report in Steps())
        {
            var definitions = StepMetrics.Of(report).Select(m => (m.Name, Definition: MetricCatalog.Find(m.Name))).ToArray();
            definitions.Should().OnlyContain(d => d.Definition != null);
            definitions.Select(d => d.Name).Should().OnlyHaveUniqueItems();
            Place(definitions).Should().BeInAscendingOrder();
            seen.UnionWith(definitions.Select(d => d.Definition!.Name));
        }
        MetricCatalog.All.Select(d => d.Name).Except(seen).Should().Equal(TestDevice.IsCpu ? ["mem/device_gb"] : [], "the CPU has no memory of a device");

        // A reward's three metrics come reward by reward, so within that family the order is free.
        static int[] Place((string Name, MetricDefinition? Definition)[] definitions)
        {
            var all = MetricCatalog.All.Select(d => d.Name).ToList();
            return [.. definitions.Where(d => !d.Name.StartsWith("rewards/", StringComparison.Ordinal)).Select(d => all.IndexOf(d.Definition!.Name))];
        }
    }

    [Fact]
    public void The_table_in_the_documentation_is_the_catalog()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs", "metrics.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal));
        var expected = MetricCatalog.All.Select(d => $"| `{d.Name}` | {Code(d.Trl)} | {Code(d.EasyR1)} | {d.Unit} | {d.Definition} |").ToArray();
        rows.Take(expected.Length).Should().Equal(expected);

        static string Code(string? name) => name is null ? "–" : $"`{name}`";
    }

    [Theory]
    [InlineData("rewards/thinking_format/mean", "rewards/{name}/mean")]
    [InlineData("rewards/a/b/std", "rewards/{name}/std")]
    [InlineData("objective/stale_fraction", "objective/{name}")]
    [InlineData("gt/reward", "gt/reward")]
    public void A_name_finds_its_definition(string metric, string definition) => MetricCatalog.Find(metric)!.Name.Should().Be(definition);

    [Theory]
    [InlineData("rewards//mean")]
    [InlineData("eval/gIoU")]
    public void A_name_of_somebody_else_finds_none(string metric) => MetricCatalog.Find(metric).Should().BeNull();

    private static IEnumerable<StepReport> Steps()
    {
        var options = Toy.Options with { WithEntropy = true, MeasureGradientsEvery = 1, UpdatesPerRollout = 2 };
        yield return ScriptedStep.Plain();
        yield return Step(options, (policy, optimizer) => TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer));
        yield return Step(options, (policy, optimizer) => TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
        {
            Reference = new FrozenPolicy(TinyText.Policy(2)), SkipNeutralGroups = false,
            Objective = new KlPenalty(new SurrogateObjective(Surrogates.Clipped(0.2, 0.2).WithoutStale(0.5)), 0.01),
        });
        yield return Step(options, (policy, optimizer) => TrainerParts.Sft(TinyText.Encoder, policy, optimizer));
    }

    private static StepReport Step(TrainerOptions options, Func<IPolicy, AdamWOptimizer, TrainerParts> parts)
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        return new Trainer(parts(policy, optimizer), options).Step(Toy.Labelled);
    }
}
