using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Objectives;

/// <summary>
/// One small step in plain numbers: two rollouts, one that begins with a token of the label, and the label. What an objective says of it is
/// compared with a formula written down a second time, in float64 and without tensors.
/// </summary>
internal static class GoldenStep
{
    public const int MaxNewTokens = 4;

    public static readonly int[] Lengths = [3, 2, 3, 2];

    /// <summary>Leading tokens that the label wrote.</summary>
    public static readonly int[] LabelTokens = [0, 0, 1, 2];

    public static readonly double[] Advantage = [0.8, -1.1, 0.4, 1.3];

    public static readonly double[] Rewards = [1, 0, 0, 1];

    public static readonly double[][] Current = [[-0.4, -1.3, -0.9], [-2.1, -0.3, 0], [-0.7, -1.6, -0.2], [-3.0, -0.8, 0]];

    public static readonly double[][] Old = [[-0.5, -1.2, -1.0], [-1.9, -0.35, 0], [-0.8, -1.5, -0.1], [-2.9, -0.9, 0]];

    public static readonly double[][] Reference = [[-0.6, -1.0, -1.1], [-2.0, -0.2, 0], [-0.5, -1.9, -0.3], [-3.2, -0.6, 0]];

    public static readonly double[][] Entropies = [[1.0, 0.6, 0.8], [1.2, 0.5, 0], [0.7, 0.9, 0.3], [1.4, 0.6, 0]];

    /// <summary>Row and column of every token that is there.</summary>
    public static IEnumerable<(int N, int T)> Tokens => Enumerable.Range(0, 4).SelectMany(n => Enumerable.Range(0, Lengths[n]).Select(t => (n, t)));

    public static bool IsLabel(int n, int t) => t < LabelTokens[n];

    /// <summary>
    /// Compares loss and gradient with a formula of the log-probabilities: <paramref name="formula"/> sees them twice, as what is differentiated
    /// and as what is not, so that its central differences in the first alone are the gradient also where the objective stops one.
    /// </summary>
    public static IReadOnlyDictionary<string, double> Compare(IObjective objective, Func<double[][], double[][], double> formula, bool prefixes = false, long step = 0, Func<int, int, bool>? policyTokens = null)
    {
        using var scope = NewDisposeScope();
        var current = Table(Current).requires_grad_();
        using var scores = new TokenScores(current, Table(Entropies));
        var label = prefixes ? LabelTokens : [0, 0, 0, 2];
        using var batch = new UpdateBatch
        {
            Advantages = tensor(Advantage, [4, 1]),
            CompletionMask = TinyTensors.Mask([.. Lengths.Select(l => (long)l)], 3),
            IsDemonstration = tensor(new[] { false, false, false, true }, [4, 1]),
            SequenceWeights = full([4, 1], Scalars.Of(0.25), ScalarType.Float64),
            Scale = new LossScale(10, label.Sum(), 4, 1, MaxNewTokens) { Prefixed = prefixes ? 1 : 0 },
            OldLogProbs = Table(Old),
            ReferenceLogProbs = Table(Reference),
            LabelTokenMask = prefixes ? TinyTensors.Mask([.. label.Select(l => (long)l)], 3) : null,
            PolicyTokenMask = policyTokens is null ? null
                : tensor(Enumerable.Range(0, 12).Select(i => policyTokens(i / 3, i % 3)).ToArray(), [4, 3]),
            Rewards = tensor(Rewards, [4, 1]),
            Step = step,
        };
        using var result = objective.Evaluate(scores, batch);
        result.Loss.backward();

        result.Loss.item<double>().Should().BeApproximately(formula(Current, Current), 1e-12);
        var gradient = current.grad!.Values();
        const double h = 1e-6;
        foreach (var (n, t) in Tokens)
        {
            var difference = (formula(Moved(n, t, h), Current) - formula(Moved(n, t, -h), Current)) / (2 * h);
            gradient[3 * n + t].Should().BeApproximately(difference, 1e-8, "row {0}, token {1}", n, t);
        }
        gradient[5].Should().Be(0, "it is padding");
        return result.Metrics.ToDictionary(m => m.Name, m => m.Value.item<double>());
    }

    public static double Mean(IEnumerable<double> values) => values.ToArray() is { Length: > 0 } all ? all.Sum() / all.Length : 0;

    private static double[][] Moved(int n, int t, double by)
    {
        var moved = Current.Select(row => row.ToArray()).ToArray();
        moved[n][t] += by;
        return moved;
    }

    private static Tensor Table(double[][] rows) => tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);
}
