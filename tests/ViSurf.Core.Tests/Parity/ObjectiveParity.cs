using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Parity;

/// <summary>Loss and gradient with respect to the log-probabilities, in float64, against TRL and against the paper's formula.</summary>
public sealed class ObjectiveParity
{
    private const double Tolerance = 1e-9;

    private static readonly string[] KnownOptions =
    [
        "loss_type", "epsilon", "epsilon_high", "delta", "beta", "importance_sampling_level", "top_entropy_quantile", "max_completion_length", "use_old",
    ];

    public static TheoryData<int, string> Trl() => Cases("trl");

    public static TheoryData<int, string> ViSurf() => Cases("visurf");

    [Theory]
    [MemberData(nameof(Trl))]
    public void Loss_and_gradient_are_those_of_TRL(int index, string options)
    {
        options.Should().NotBeEmpty();
        using var scope = NewDisposeScope();
        using var json = Fixtures.Json("objectives.json");
        var root = json.RootElement;
        var test = root.GetProperty("trl")[index];
        var o = test.GetProperty("options");
        var lengths = TinyTensors.Numbers(root.GetProperty("lengths"));
        var current = TinyTensors.Table(root.GetProperty("logp_new")).requires_grad_();
        var entropies = TinyTensors.Table(root.GetProperty("entropy"));
        using var batch = Batch(lengths, current, TinyTensors.Numbers(root.GetProperty("advantages")),
            o.GetProperty("use_old").GetBoolean() ? TinyTensors.Table(root.GetProperty("logp_old")) : null,
            TinyTensors.Table(root.GetProperty("logp_ref")), demonstrations: 0, o.GetProperty("max_completion_length").GetInt32(),
            entropies, o.GetProperty("top_entropy_quantile").GetDouble());

        using var scores = new TokenScores(current, entropies);
        using var result = TrlObjective(o).Evaluate(scores, batch);

        Compare(result, current, test);
        var metrics = test.GetProperty("metrics");
        if (metrics.TryGetProperty("entropy", out var entropy)) Metric(result, "entropy").Should().BeApproximately(entropy.GetDouble(), 1e-6);
        if (metrics.TryGetProperty("kl", out var kl)) Metric(result, "kl").Should().BeApproximately(kl.GetDouble(), 1e-6);
        // TRL counts sequences, not tokens, when the ratio belongs to the sequence.
        if (o.GetProperty("importance_sampling_level").GetString() == "token" && metrics.TryGetProperty("clip_ratio/region_mean", out var region))
        {
            Metric(result, "clip_fraction").Should().BeApproximately(region.GetDouble(), 1e-6);
            Metric(result, "clip_low_fraction").Should().BeApproximately(metrics.GetProperty("clip_ratio/low_mean").GetDouble(), 1e-6);
            Metric(result, "clip_high_fraction").Should().BeApproximately(metrics.GetProperty("clip_ratio/high_mean").GetDouble(), 1e-6);
        }
        if (metrics.TryGetProperty("cispo_clip_ratio", out var capped)) Metric(result, "clip_fraction").Should().BeApproximately(capped.GetDouble(), 1e-6);
        if (metrics.TryGetProperty("vespo/phi_seq_mean", out var phi)) Metric(result, "phi").Should().BeApproximately(phi.GetDouble(), 1e-6);
    }

    [Theory]
    [MemberData(nameof(ViSurf))]
    public void Loss_and_gradient_are_those_of_the_paper(int index, string options)
    {
        using var scope = NewDisposeScope();
        using var json = Fixtures.Json("objectives.json");
        var test = json.RootElement.GetProperty("visurf")[index];
        var o = test.GetProperty("options");
        foreach (var option in o.EnumerateObject())
            option.Name.Should().BeOneOf(["beta", "smooth", "aggregation", "unbiased", "std_eps", "eps_high", "eps_low", "epsilon", "eps"], "an option that nobody maps is an option that nobody checks: {0}", options);
        var expected = test.GetProperty("expected");
        var current = TinyTensors.Table(test.GetProperty("logp_new")).requires_grad_();
        using var batch = Batch(TinyTensors.Numbers(test.GetProperty("lengths")), current, TinyTensors.Numbers(expected.GetProperty("advantages")),
            TinyTensors.Table(test.GetProperty("logp_old")), TinyTensors.Table(test.GetProperty("logp_ref")), demonstrations: 1, maxNewTokens: 6);
        var aggregation = Text(o, "aggregation", "sequence") switch
        {
            "sequence" => LossAggregation.SequenceMean,
            "token" => LossAggregation.TokenMean,
            var other => throw new InvalidDataException($"Expected aggregation 'sequence' or 'token', got '{other}'."),
        };
        IObjective objective = new ViSurfObjective(new ClippedPolicyOptions
        {
            ClipLow = Number(o, "eps_low", Number(o, "epsilon", Number(o, "eps", 0.2))),
            ClipHigh = Number(o, "eps_high", Number(o, "epsilon", Number(o, "eps", 0.2))),
            Aggregation = aggregation,
        });
        if (Number(o, "beta", 0) is > 0 and var beta) objective = new KlPenalty(objective, beta, aggregation);

        using var scores = new TokenScores(current);
        using var result = objective.Evaluate(scores, batch);

        Compare(result, current, expected);
    }

    [Fact]
    public void Every_TRL_case_is_compared_and_every_option_is_mapped()
    {
        using var json = Fixtures.Json("objectives.json");
        Trl().Should().NotBeEmpty();
        Trl().Count.Should().Be(json.RootElement.GetProperty("trl").GetArrayLength());
        foreach (var test in json.RootElement.GetProperty("trl").EnumerateArray())
            test.GetProperty("options").EnumerateObject().Select(p => p.Name).Should().BeSubsetOf(KnownOptions, "an option that nobody maps is an option that nobody checks");
    }

    private static IObjective TrlObjective(JsonElement o)
    {
        var clip = new ClippedPolicyOptions
        {
            ClipLow = o.GetProperty("epsilon").GetDouble(),
            ClipHigh = o.GetProperty("epsilon_high").GetDouble(),
            RatioCap = o.GetProperty("delta") is { ValueKind: JsonValueKind.Number } delta ? delta.GetDouble() : null,
            RatioLevel = o.GetProperty("importance_sampling_level").GetString() switch
            {
                "token" => RatioLevel.Token,
                "sequence" => RatioLevel.Sequence,
                var other => throw new InvalidDataException($"Expected importance_sampling_level 'token' or 'sequence', got '{other}'."),
            },
        };
        var (aggregation, objective) = o.GetProperty("loss_type").GetString() switch
        {
            "grpo" => Clipped(LossAggregation.SequenceMean),
            "bnpo" or "dapo" => Clipped(LossAggregation.TokenMean),
            "dr_grpo" => Clipped(LossAggregation.Constant),
            "luspo" => Clipped(LossAggregation.SequenceSum),
            "cispo" => (LossAggregation.TokenMean, new CispoObjective(clip.ClipHigh)),
            "sapo" => (LossAggregation.SequenceMean, new SapoObjective()),
            "vespo" => (LossAggregation.TokenMean, new VespoObjective()),
            var other => throw new InvalidDataException($"Expected a known TRL loss type, got '{other}'."),
        };
        return o.GetProperty("beta").GetDouble() is > 0 and var beta ? new KlPenalty(objective, beta, aggregation) : objective;

        (LossAggregation, IObjective) Clipped(LossAggregation how) => (how, new ClippedPolicyObjective(clip with { Aggregation = how }));
    }

    private static UpdateBatch Batch(double[] lengths, Tensor current, double[] advantages, Tensor? old, Tensor reference, int demonstrations, int maxNewTokens,
        Tensor? entropies = null, double topEntropy = 1)
    {
        var n = lengths.Length;
        var tokens = (long)lengths.Sum();
        var mask = TinyTensors.Mask([.. lengths.Select(l => (long)l)], current.shape[1]);
        return new UpdateBatch
        {
            Advantages = tensor(advantages, [n, 1]),
            CompletionMask = mask,
            IsDemonstration = tensor(Enumerable.Range(0, n).Select(row => row >= n - demonstrations).ToArray(), [n, 1]),
            SequenceWeights = full([n, 1], Scalars.Of(1.0 / n), ScalarType.Float64),
            Scale = new LossScale(tokens, demonstrations == 0 ? 0 : (long)lengths[^1], n, demonstrations, maxNewTokens),
            OldLogProbs = old,
            ReferenceLogProbs = reference,
            PolicyTokenMask = topEntropy < 1 ? TopEntropy.Mask(entropies!, mask, TopEntropy.Threshold([entropies!.masked_select(mask)], topEntropy)) : null,
        };
    }

    private static void Compare(ObjectiveResult result, Tensor current, JsonElement expected)
    {
        result.Loss.dtype.Should().Be(ScalarType.Float64);
        result.Loss.item<double>().Should().BeApproximately(expected.GetProperty("loss").GetDouble(), Tolerance);
        result.Loss.backward();
        var gradient = current.grad!.Values();
        var reference = TinyTensors.Table(expected.GetProperty("grad")).Values();
        for (var i = 0; i < reference.Length; i++) gradient[i].Should().BeApproximately(reference[i], Tolerance, "gradient element {0}", i);
    }

    private static double Metric(ObjectiveResult result, string name) => result.Metrics.Single(m => m.Name == name).Value.item<double>();

    private static double Number(JsonElement o, string name, double otherwise) => o.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;

    private static string Text(JsonElement o, string name, string otherwise) => o.TryGetProperty(name, out var value) ? value.GetString()! : otherwise;

    private static TheoryData<int, string> Cases(string set)
    {
        using var json = Fixtures.Json("objectives.json");
        var data = new TheoryData<int, string>();
        var cases = json.RootElement.GetProperty(set);
        for (var i = 0; i < cases.GetArrayLength(); i++) data.Add(i, cases[i].GetProperty("options").GetRawText());
        return data;
    }
}
