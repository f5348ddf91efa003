using ViSurf.Core.Encoding;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using static TorchSharp.torch;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// PEFT directories with a changed configuration or changed weights: refused with the directory named, or a model that gives numbers.
/// </summary>
internal sealed class AdapterSurface : ISurface
{
    private const string Folder = "adapter", Config = "adapter_config.json", Weights = "adapter_model.safetensors";
    private readonly QwenVlPolicy _policy = QwenVlPolicy.Load(Fixture.PathOf("qwen2_5_vl"));
    private readonly byte[] _weights = Fixture.Bytes("qwen2_5_vl_lora", Weights);
    private readonly string _config = Fixture.Text("qwen2_5_vl_lora", Config);
    private readonly EncodedPrompt _prompt;

    public AdapterSurface()
    {
        Fixture.Copy("qwen2_5_vl_lora", Folder);
        _prompt = QwenPromptEncoder.Load(Fixture.PathOf("qwen2_5_vl")).Encode(Data.VisionExample.Ask("row-7", "What is it?", null));
    }

    public void Try(Attempt attempt)
    {
        var ofWeights = attempt.Dice.Once(6);
        var config = ofWeights ? System.Text.Encoding.UTF8.GetBytes(_config) : Json.Changed(attempt.Dice, _config);
        var weights = ofWeights ? Bytes.Changed(attempt.Dice, _weights) : _weights;
        attempt.Count();
        attempt.Note(Config, config);
        if (ofWeights) attempt.Note(Weights, weights);
        File.WriteAllBytes(Path.Combine(Folder, Config), config);
        File.WriteAllBytes(Path.Combine(Folder, Weights), weights);
        attempt.Refusable(() =>
        {
            using var adapter = LoraAdapter.Load(_policy, Folder);
            // Flipped bits of a weight may well be NaN; a configuration may not make one.
            if (!ofWeights) Attempt.Expect(Finite(), "log-probabilities that are no numbers");
        }, Folder);
        Attempt.Expect(!_policy.Module.named_parameters().Any(p => p.name.Contains("lora", StringComparison.Ordinal)),
            "an adapter that was refused or disposed is still there");
    }

    public void Dispose()
    {
        _prompt.Dispose();
        _policy.Dispose();
    }

    private bool Finite()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var batch = Collator.Prompts([_prompt]);
        using var rows = Collator.Sequences(batch, [(0, [1, 2, 3])]);
        using var scores = _policy.Score(rows);
        return isfinite(scores.LogProbs).all().item<bool>();
    }
}
