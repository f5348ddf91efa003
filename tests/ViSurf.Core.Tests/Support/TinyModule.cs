using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// A causal language model of a few thousand parameters: the current token, the one before and the mean of all so far through one
/// hidden layer. Padding on either side changes nothing.
/// </summary>
internal sealed class TinyModule : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Embedding embedding;
    private readonly Linear hidden;
    private readonly Linear head;

    public TinyModule(long seed, int vocabulary = TinyText.Vocabulary, int width = 16)
        : base(nameof(TinyModule))
    {
        embedding = nn.Embedding(vocabulary, width);
        hidden = nn.Linear(3 * width, 2 * width);
        head = nn.Linear(2 * width, vocabulary);
        RegisterComponents();
        // Own generator: the global one belongs to whoever runs beside us.
        using var generator = new Generator((ulong)seed);
        using var grad = no_grad();
        foreach (var parameter in parameters())
        {
            using var noise = TestDevice.Randn(parameter.shape, generator);
            parameter.copy_(noise.Times(parameter.dim() > 1 ? 1.5 / Math.Sqrt(parameter.shape[1]) : 0.1));
        }
    }

    public override Tensor forward(Tensor ids, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var weight = mask.unsqueeze(-1).to(embedding.weight!.dtype);
        var tokens = embedding.call(ids) * weight;
        var before = nn.functional.pad(tokens, [0, 0, 1, 0]).narrow(1, 0, tokens.shape[1]);
        var mean = tokens.cumsum(1) / weight.cumsum(1).AtLeast(1);
        return head.call(hidden.call(cat([tokens, before, mean], -1)).tanh()).MoveToOuterDisposeScope();
    }
}

/// <summary>Text-only parts small enough for unit tests: token id = ASCII code.</summary>
internal static class TinyText
{
    /// <summary>ASCII.</summary>
    public const int Vocabulary = 128;

    /// <summary>End of turn (the ASCII code for "end of text").</summary>
    public const int Stop = 3;

    /// <summary>Ids that stand for no visible character: a sampler that suppresses them (all but <see cref="Stop"/>) writes readable text.</summary>
    public static IReadOnlyList<int> Unprintable { get; } = [.. Enumerable.Range(0, 32).Where(id => id != Stop), 127];

    public static IPromptEncoder Encoder { get; } = new TinyEncoder();

    public static ModulePolicy Policy(long seed) => new(new TinyModule(seed));

    public static VisionExample Example(string id, string question, string? answer = null)
        => VisionExample.Ask(id, question, answer is null ? null : new TextTarget(answer));

    public static PromptBatch Prompts(params string[] questions)
        => Collator.Prompts([.. questions.Select(q => Encoder.Encode(Example(q, q)))]);

    private sealed class TinyEncoder : IPromptEncoder
    {
        public EncodedPrompt Encode(VisionExample example)
        {
            var text = string.Concat(example.Turns.SelectMany(turn => turn.Parts).Select(part => part.Text));
            return new EncodedPrompt(example, Ids(text), [], null);
        }

        public IReadOnlyList<int> EncodeAnswer(string text) => [.. Ids(text), Stop];

        public string Decode(IReadOnlyList<int> tokenIds) => string.Concat(tokenIds.Where(id => id is >= 32 and < 127).Select(id => (char)id));

        private static int[] Ids(string text) => [.. text.Select(c => c < Vocabulary ? c : '?')];
    }
}
