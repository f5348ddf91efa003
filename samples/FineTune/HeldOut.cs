using FineTune.Settings;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;

namespace FineTune;

/// <summary>Answers the held-out rows and measures the answers.</summary>
internal sealed class HeldOut
{
    private readonly Evaluator _evaluator;
    private readonly EvaluationSuite _suite;
    private readonly IReadOnlyList<VisionExample> _rows;

    public HeldOut(Workshop workshop, IReadOnlyList<VisionExample> rows, int maxNewTokens)
    {
        var settings = workshop.Settings.Evaluation;
        var sampler = new AutoregressiveSampler(new SamplingOptions
        {
            Temperature = settings.Temperature,
            StopIds = workshop.Encoder.StopIds,
            SuppressedIds = workshop.Encoder.SuppressedIds,
        });
        _evaluator = new Evaluator(workshop.Encoder, workshop.Policy, sampler) { MaxNewTokens = maxNewTokens, Answers = settings.Answers, Seed = workshop.Settings.Seed };
        _suite = EvaluationSuite.Standard(settings.Answers);
        _rows = rows;
    }

    /// <summary>The metrics by name.</summary>
    public IReadOnlyDictionary<string, double> Measure(CancellationToken cancel) => _suite.Report(_evaluator.Run(_rows, cancellation: cancel)).Values;

    /// <summary>Answers with the weights in a directory, prints the table, and keeps the answers in <c>predictions.jsonl</c>.</summary>
    /// <param name="workshop">The model.</param>
    /// <param name="weights">See <see cref="WeightsFolder.Of"/>.</param>
    /// <param name="cancel">Stops it.</param>
    public static void Show(Workshop workshop, string weights, CancellationToken cancel)
    {
        if (weights != WeightsFolder.Base) workshop.Weights.Load(weights);
        using var rows = new Rows(workshop.Settings, workshop.Encoder);
        var heldOut = new HeldOut(workshop, rows.HeldOut(), Method.Of(workshop.Settings, workshop.Rewards).Options.MaxNewTokens);
        Directory.CreateDirectory(workshop.Settings.Output);
        var path = Path.Combine(workshop.Settings.Output, "predictions.jsonl");
        using var file = PredictionFile.Create(path);
        Console.WriteLine(heldOut._suite.Report(heldOut._evaluator.Run(heldOut._rows, file.Write, cancel)));
        Console.WriteLine($"answers in {path}");
    }
}
